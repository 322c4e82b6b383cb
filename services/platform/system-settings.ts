/** What a priority may be, as the keys of settings spell it. */
const priorities = ["URGENT", "HIGH", "MEDIUM", "LOW"] as const;

/** How urgent a trip is, as settings tell trips apart. */
export type SettingPriority = (typeof priorities)[number];

/** A number for each priority. */
export type PerPriority = Readonly<Record<SettingPriority, number>>;

/** What Center's people may set for the whole mesh. Every service obeys a change without a restart. */
export interface SystemSettings {
  /** Minutes after which bidding on a trip closes. */
  readonly biddingTtlMinutes: PerPriority;
  /** How many bids an automatic award tries before it gives up. */
  readonly maxAwardsConsidered: number;
  /** Minutes in which an agency consents to a trip that changed after the award. */
  readonly consentMinutes: number;
  /** Minutes from the request to the award. */
  readonly slaAssignMinutes: PerPriority;
  /** Minutes from the request to the pickup. */
  readonly slaPickupMinutes: PerPriority;
  /** Minutes by which a pickup may miss its window. */
  readonly slaWindowToleranceMinutes: number;
  /** Percent of the promises that are to be kept. */
  readonly slaTargetPercent: number;
}

/** One setting: whole numbers within limits are all that there is so far. */
export interface SystemSettingRule {
  readonly key: string;
  /** For people. */
  readonly description: string;
  readonly category: string;
  readonly defaultValue: number;
  readonly min: number;
  readonly max: number;
}

const dayMinutes = 1_440;

function perPriority(
  key: string,
  defaults: PerPriority,
  rule: { readonly description: string; readonly category: string },
): readonly SystemSettingRule[] {
  return priorities.map((priority) => ({
    key: `${key}.${priority.toLowerCase()}`,
    category: rule.category,
    description: `${rule.description} Priority ${priority}.`,
    defaultValue: defaults[priority],
    ...{ min: 1, max: 7 * dayMinutes },
  }));
}

/** Every setting that there is, by key. */
export const systemSettingRules: ReadonlyMap<string, SystemSettingRule> = new Map(
  [
    ...perPriority(
      "bidding.ttl_minutes",
      { URGENT: 5, HIGH: 10, MEDIUM: 15, LOW: 30 },
      { category: "bidding", description: "Minutes after which bidding on a trip closes." },
    ),
    {
      key: "award.max_considered",
      category: "award",
      description: "How many bids an automatic award tries before it gives up.",
      ...{ defaultValue: 5, min: 1, max: 50 },
    },
    {
      key: "consent.window_minutes",
      category: "award",
      description: "Minutes in which an agency consents to a trip that changed after the award.",
      ...{ defaultValue: 5, min: 1, max: dayMinutes },
    },
    ...perPriority(
      "sla.assign_minutes",
      { URGENT: 10, HIGH: 20, MEDIUM: 30, LOW: 60 },
      { category: "sla", description: "Minutes from the request to the award." },
    ),
    ...perPriority(
      "sla.pickup_minutes",
      { URGENT: 60, HIGH: 120, MEDIUM: 240, LOW: 480 },
      { category: "sla", description: "Minutes from the request to the pickup." },
    ),
    {
      key: "sla.window_tolerance_minutes",
      category: "sla",
      description: "Minutes by which a pickup may miss its window.",
      ...{ defaultValue: 15, min: 0, max: dayMinutes },
    },
    {
      key: "sla.target_percent",
      category: "sla",
      description: "Percent of the promises that are to be kept.",
      ...{ defaultValue: 90, min: 0, max: 100 },
    },
  ].map((rule) => [rule.key, rule]),
);

/** Why a setting cannot have this value, in a sentence; undefined if it can. */
export function systemSettingProblem(key: string, value: string): string | undefined {
  const rule = systemSettingRules.get(key);
  if (!rule) return `there is no setting ${key}`;
  const number = wholeNumber(value);
  if (number !== undefined && number >= rule.min && number <= rule.max) return undefined;
  return `${key} is a whole number from ${rule.min} to ${rule.max}`;
}

/**
 * The settings in force: what is stored, and the default for what is not, or is not what the key demands, as a value
 * from the former system may be.
 */
export function systemSettingsFrom(stored: Iterable<{ readonly key: string; readonly value: string }>): SystemSettings {
  const values = new Map([...stored].map(({ key, value }) => [key, value]));
  const valueOf = (key: string): number => {
    const rule = systemSettingRules.get(key);
    if (!rule) throw new Error(`there is no setting ${key}`);
    const value = values.get(key) ?? "";
    return systemSettingProblem(key, value) === undefined ? Number(value) : rule.defaultValue;
  };
  const perPriorityOf = (key: string): PerPriority => ({
    URGENT: valueOf(`${key}.urgent`),
    HIGH: valueOf(`${key}.high`),
    MEDIUM: valueOf(`${key}.medium`),
    LOW: valueOf(`${key}.low`),
  });
  return {
    biddingTtlMinutes: perPriorityOf("bidding.ttl_minutes"),
    maxAwardsConsidered: valueOf("award.max_considered"),
    consentMinutes: valueOf("consent.window_minutes"),
    slaAssignMinutes: perPriorityOf("sla.assign_minutes"),
    slaPickupMinutes: perPriorityOf("sla.pickup_minutes"),
    slaWindowToleranceMinutes: valueOf("sla.window_tolerance_minutes"),
    slaTargetPercent: valueOf("sla.target_percent"),
  };
}

function wholeNumber(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
