import type { Id } from "#platform/id.ts";
import { systemSettingProblem, systemSettingRules } from "#platform/system-settings.ts";

/** Identifies a setting's row; people and events name a setting by its key. */
export type ConfigurationId = Id<"Configuration">;

/** One setting of the whole system, as it was set last, or brought back to its default. */
export interface Configuration {
  readonly id: ConfigurationId;
  /** Dotted, such as bidding.ttl_minutes.urgent. */
  readonly key: string;
  readonly value: string;
  /** What people wrote about it. */
  readonly description: string;
  readonly category: string;
  readonly updatedBy: string;
  /** It was brought back: what holds is the default. */
  readonly isDefault: boolean;
  readonly version: number;
  readonly updateTime: Date;
}

/** One setting as it is in force. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** Empty for a setting of the former system, which has none. */
  readonly defaultValue: string;
  readonly isDefault: boolean;
  readonly description: string;
  readonly category: string;
  /** Empty if nobody has changed it. */
  readonly updatedBy: string;
  /** Zero if nobody has changed it. */
  readonly version: number;
  readonly updateTime?: Date;
}

/** What somebody wants a setting to be. An empty description leaves what there is; an empty category is the key's own. */
export interface WantedConfiguration {
  readonly key: string;
  readonly value: string;
  readonly description: string;
  readonly category: string;
}

/** Who changes a setting, and when. */
export interface ConfigurationChange {
  readonly newId: () => string;
  readonly updatedBy: string;
  readonly now: Date;
}

/** Why a request cannot be carried out: which of its fields, and what is wrong with it. */
export interface SettingProblem {
  readonly field: "key" | "value" | "category";
  readonly problem: string;
}

/** What is wrong with a setting as it is wanted; undefined if it may be set. */
export function wantedProblem({ key, value, category }: WantedConfiguration): SettingProblem | undefined {
  const unknown = keyProblem(key);
  if (unknown) return unknown;
  const problem = systemSettingProblem(key, value);
  if (problem !== undefined) return { field: "value", problem };
  const own = systemSettingRules.get(key)?.category ?? "";
  return category === "" || category === own ? undefined : { field: "category", problem: `${key} belongs to ${own}` };
}

/** What is wrong with a key whose setting is to be changed; undefined if there is such a setting. */
export function keyProblem(key: string): SettingProblem | undefined {
  return systemSettingRules.has(key) ? undefined : { field: "key", problem: `there is no setting ${key}` };
}

/** A setting after it was set; the very one that is known if it is already as wanted. */
export function setConfiguration(
  known: Configuration | undefined,
  wanted: WantedConfiguration,
  change: ConfigurationChange,
): Configuration {
  const description = wanted.description || (known?.description ?? "");
  const isAsWanted = known?.isDefault === false && known.value === wanted.value && known.description === description;
  return isAsWanted ? known : changed(known, { ...wanted, description, isDefault: false }, change);
}

/** A setting after it was brought back to its default; the very one that is known if nothing else is set. */
export function resetConfiguration(
  known: Configuration | undefined,
  key: string,
  change: ConfigurationChange,
): Configuration | undefined {
  if (!known || known.isDefault) return known;
  // The text of the default, so that who keeps a copy of values obeys it without knowing the default.
  return changed(known, { key, value: defaultOf(key), description: known.description, isDefault: true }, change);
}

/** The setting that holds under a key. */
export function settingInForce(key: string, stored: Configuration | undefined): Setting {
  const rule = systemSettingRules.get(key);
  const holds = stored && !stored.isDefault && (!rule || systemSettingProblem(key, stored.value) === undefined);
  return {
    key,
    // A value that the key does not admit, as the former system may have left, is obeyed by nobody.
    value: holds ? stored.value : defaultOf(key),
    defaultValue: defaultOf(key),
    isDefault: !holds,
    description: stored?.description || (rule?.description ?? ""),
    category: rule?.category ?? stored?.category ?? "",
    updatedBy: stored?.updatedBy ?? "",
    version: stored?.version ?? 0,
    ...(stored && { updateTime: stored.updateTime }),
  };
}

/**
 * All settings by key: every one that there is, and those that the former system left under keys of its own.
 * @param category only this one's; all if empty.
 */
export function settingsInForce(stored: readonly Configuration[], category: string): readonly Setting[] {
  const byKey = new Map(stored.map((configuration) => [configuration.key, configuration]));
  const keys = [...new Set([...systemSettingRules.keys(), ...byKey.keys()])].toSorted();
  const settings = keys.map((key) => settingInForce(key, byKey.get(key)));
  return category === "" ? settings : settings.filter((setting) => setting.category === category);
}

function changed(
  known: Configuration | undefined,
  to: Pick<Configuration, "key" | "value" | "description" | "isDefault">,
  { newId, updatedBy, now }: ConfigurationChange,
): Configuration {
  const { key, value, description, isDefault } = to;
  return {
    id: known?.id ?? (newId() as ConfigurationId),
    ...{ key, value, description, isDefault, updatedBy },
    category: systemSettingRules.get(key)?.category ?? "",
    version: (known?.version ?? 0) + 1,
    updateTime: now,
  };
}

function defaultOf(key: string): string {
  const rule = systemSettingRules.get(key);
  return rule ? String(rule.defaultValue) : "";
}
