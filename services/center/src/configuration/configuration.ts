import type { Id } from "#platform/id.ts";

/** Identifies a setting's row; people and events name a setting by its key. */
export type ConfigurationId = Id<"Configuration">;

/** One setting of the whole system. */
export interface Configuration {
  readonly id: ConfigurationId;
  /** Dotted, such as bidding.ttl_minutes.urgent. */
  readonly key: string;
  readonly value: string;
  readonly description: string;
  readonly category: string;
  readonly updatedBy: string;
  readonly version: number;
  readonly updateTime: Date;
}

/** What somebody wants a setting to be. An empty description or category leaves what there is. */
export interface WantedConfiguration {
  readonly key: string;
  readonly value: string;
  readonly description: string;
  readonly category: string;
}

/** A setting after the change. A new one whose category is not named takes the first word of its key. */
export function changeConfiguration(
  known: Configuration | undefined,
  wanted: WantedConfiguration,
  change: { readonly newId: () => string; readonly updatedBy: string; readonly now: Date },
): Configuration {
  const { key, value } = wanted;
  const [firstWord = key] = key.split(".");
  return {
    id: known?.id ?? (change.newId() as ConfigurationId),
    key,
    value,
    description: wanted.description || (known?.description ?? ""),
    category: wanted.category || (known?.category ?? firstWord),
    updatedBy: change.updatedBy,
    version: (known?.version ?? 0) + 1,
    updateTime: change.now,
  };
}
