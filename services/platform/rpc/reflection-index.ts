import { type DescExtension, type DescFile, type DescMessage, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Finds descriptors by the names that reflection clients ask for. A class because it looks them up in tables of its own. */
export class ReflectionIndex {
  readonly #files = new Map<string, DescFile>();
  readonly #fileOfSymbol = new Map<string, DescFile>();
  readonly #extensions = new Map<string, Map<number, DescExtension>>();

  /** @param files the roots; everything that they import is found as well. */
  constructor(files: Iterable<DescFile>) {
    for (const file of files) this.#add(file);
  }

  findFile(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** Finds the file that declares a symbol, down to `package.Service.Method` and `package.Message.field`. */
  findFileOfSymbol(symbol: string): DescFile | undefined {
    return this.#fileOfSymbol.get(symbol.replace(/^\./, ""));
  }

  findFileOfExtension(extendee: string, number: number): DescFile | undefined {
    return this.#extensions.get(extendee)?.get(number)?.file;
  }

  /** The numbers of all known extensions of a message; undefined if there is no such message. */
  findExtensionNumbers(extendee: string): readonly number[] | undefined {
    const extensions = this.#extensions.get(extendee);
    if (extensions) return [...extensions.keys()];
    return this.#fileOfSymbol.has(extendee) ? [] : undefined;
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const dependency of file.dependencies) this.#add(dependency);
    for (const type of nestedTypes(file)) {
      this.#fileOfSymbol.set(type.typeName, file);
      if (type.kind === "extension") this.#addExtension(type);
      if (type.kind === "message") this.#addFields(type);
      if (type.kind === "service") this.#addMethods(type);
    }
  }

  #addExtension(extension: DescExtension): void {
    const extendee = extension.extendee.typeName;
    const known = this.#extensions.get(extendee) ?? new Map<number, DescExtension>();
    known.set(extension.number, extension);
    this.#extensions.set(extendee, known);
  }

  #addFields(message: DescMessage): void {
    for (const field of message.fields) this.#fileOfSymbol.set(`${message.typeName}.${field.name}`, message.file);
  }

  #addMethods(service: DescService): void {
    for (const method of service.methods) this.#fileOfSymbol.set(`${service.typeName}.${method.name}`, service.file);
  }
}

/** A file and everything that it imports, serialized, the file itself first: a client needs nothing more to read it. */
export function withImports(file: DescFile): Uint8Array[] {
  const found = new Set<DescFile>();
  const visit = (visited: DescFile): void => {
    if (found.has(visited)) return;
    found.add(visited);
    visited.dependencies.forEach(visit);
  };
  visit(file);
  return [...found].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
}
