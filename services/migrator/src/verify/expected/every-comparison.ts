import type { Comparison } from "../comparison.ts";
import { eventComparisons, referenceComparisons } from "./events.ts";
import { fateComparisons } from "./fates.ts";
import { organizationComparisons } from "./organizations.ts";
import { peopleComparisons } from "./people.ts";
import { tripComparisons, tripCopyComparisons } from "./trips.ts";

/** All that rests on the rules. */
export const ruledComparisons: readonly Comparison[] = [
  ...peopleComparisons,
  ...organizationComparisons,
  ...tripComparisons,
  ...tripCopyComparisons,
  ...eventComparisons,
  ...referenceComparisons,
  ...fateComparisons,
];
