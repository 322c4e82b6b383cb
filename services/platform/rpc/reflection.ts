import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { file_google_rpc_error_details } from "#gen/google/rpc/error_details_pb.ts";
import { ServerReflection, type ServerReflectionRequest } from "#gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from "#gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { file_medport_errors_v1_reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { ReflectionIndex, withImports } from "#platform/rpc/reflection-index.ts";

type Question = ServerReflectionRequest["messageRequest"] | ServerReflectionRequestAlpha["messageRequest"];
type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/** Both generations of the protocol; their messages differ in nothing but the package. */
export interface Reflection {
  readonly v1: ServiceImpl<typeof ServerReflection>;
  readonly v1alpha: ServiceImpl<typeof ServerReflectionAlpha>;
}

/** Lets clients without our proto files, such as grpcurl, learn what is served here. */
export function createReflection(services: readonly DescService[]): Reflection {
  const all = [...services, ServerReflection, ServerReflectionAlpha];
  const index = new ReflectionIndex([
    ...all.map((service) => service.file),
    // Nothing imports them, but the details of our errors cannot be read without them.
    file_google_rpc_error_details,
    file_medport_errors_v1_reason,
    file_buf_validate_validate,
  ]);
  const names = all.map((service) => service.typeName).toSorted();

  async function* answerAll<R extends { readonly host: string; readonly messageRequest: Question }>(
    requests: AsyncIterable<R>,
  ) {
    for await (const request of requests) {
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request.messageRequest, index, names),
      };
    }
  }
  return {
    v1: { serverReflectionInfo: (requests) => answerAll(requests) },
    v1alpha: { serverReflectionInfo: (requests) => answerAll(requests) },
  };
}

function answer(question: Question, index: ReflectionIndex, serviceNames: readonly string[]): Answer {
  switch (question.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: serviceNames.map((name) => ({ name })) } };
    case "fileByFilename":
      return fileAnswer(index.findFile(question.value), `file ${question.value}`);
    case "fileContainingSymbol":
      return fileAnswer(index.findFileOfSymbol(question.value), `symbol ${question.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const file = index.findFileOfExtension(containingType, extensionNumber);
      return fileAnswer(file, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.findExtensionNumbers(question.value);
      if (!extensionNumber) return unknown(`type ${question.value}`);
      const value = { baseTypeName: question.value, extensionNumber: [...extensionNumber] };
      return { case: "allExtensionNumbersResponse", value };
    }
    default:
      return errorAnswer(Code.InvalidArgument, "the request asks nothing");
  }
}

function fileAnswer(file: DescFile | undefined, wanted: string): Answer {
  if (!file) return unknown(wanted);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: withImports(file) } };
}

function unknown(wanted: string): Answer {
  return errorAnswer(Code.NotFound, `no ${wanted}`);
}

function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
