import type { Setting, SettingReader } from "./setting.ts";

/** Renders `.env.example`: every setting with its meaning, its readers, and what it is when absent. */
export function renderEnvExample(settings: readonly Setting<unknown>[]): string {
  return `${heading}\n${settings.map(renderSetting).join("\n")}`;
}

const heading = `# Every setting of MedPort. "npm start" needs none of them. Copy this file to .env and take the # away where you
# want something else; what the environment says wins. Made from services/platform/config/settings.ts by
# "npm run generate".
`;

function renderSetting({ name, meaning, fallback, presence, example, readBy }: Setting<unknown>): string {
  const need = presence === "required" ? ', required ("medport up" sets it)' : "";
  return `# ${capitalized(meaning)}.\n# Read by ${readBy.map(readerTitle).join(", ")}${need}.\n#${name}=${fallback ?? example ?? ""}\n`;
}

function readerTitle(reader: SettingReader): string {
  return { hospital: "Hospital", ems: "EMS", center: "Center", medport: "medport" }[reader];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
