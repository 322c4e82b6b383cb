import type { LegacyUnit } from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import { capabilitiesFrom } from "../rules/capabilities.ts";
import { type UnitType, unitTypeFrom } from "../rules/unit-type.ts";
import type { DirectoryAgency, DirectoryInput, DirectoryUnit } from "./directory.ts";
import {
  byCreation,
  groupBy,
  idSuffix,
  issuesOf,
  joinMoved,
  quarantined,
  timeIssues,
  usableTime,
  whyUnusable,
} from "./moved-rows.ts";

/** Every unit that can be moved, and a way to make the rows once it is known which are on trips. */
export interface ResolvedUnits {
  readonly units: ReadonlyMap<string, DirectoryUnit>;
  readonly moveUnits: (unitsOnOpenTrips: ReadonlySet<string>) => Moved;
}

/** A unit as far as it does not depend on trips. */
interface KnownUnit {
  readonly unit: LegacyUnit;
  readonly type: UnitType;
  readonly number: string;
  readonly capabilities: readonly string[];
  readonly isGuessed: boolean;
}

/** Decides which units can be moved, and of what type they are (R-UNITTYPE). */
export function resolveUnits(
  { units, unitAvailabilities }: DirectoryInput,
  agencies: ReadonlyMap<string, DirectoryAgency>,
  importedAt: Date,
): ResolvedUnits {
  const notes = groupBy(unitAvailabilities.toSorted(byCreation), ({ unitId }) => unitId);
  const numbers = unitNumbers(units.filter((unit) => whyLost(unit, agencies) === undefined));
  const known: KnownUnit[] = [];
  const lost: Moved[] = [];
  for (const unit of units) {
    const reason = whyLost(unit, agencies);
    if (reason !== undefined) {
      lost.push(quarantined({ table: "Unit", pk: unit.id }, reason));
      continue;
    }
    const capabilities = capabilitiesFrom(unit.capabilities);
    const said = (notes.get(unit.id) ?? []).map((availability) => availability.notes ?? "");
    const { value: type, issue } = unitTypeFrom(unit.type, [unit.unitNumber, ...capabilities, ...said]);
    const number = numbers.get(unit.id) ?? unit.unitNumber;
    known.push({ unit, type, number, capabilities, isGuessed: issue !== undefined });
  }
  return {
    units: new Map(known.map(({ unit, type }) => [unit.id, directoryUnit(unit, type)])),
    moveUnits: (onTrips) =>
      joinMoved([...known.map((it) => movedUnit(it, onTrips.has(it.unit.id), importedAt)), ...lost]),
  };
}

function directoryUnit({ id, agencyId, isActive }: LegacyUnit, type: UnitType): DirectoryUnit {
  return { id, agencyId, type, isActive };
}

function whyLost(unit: LegacyUnit, agencies: ReadonlyMap<string, DirectoryAgency>): string | undefined {
  return whyUnusable(unit) ?? (agencies.get(unit.agencyId)?.isReal === true ? undefined : "AGENCY_NOT_MOVED");
}

/**
 * The numbers of moved units that share theirs with another of the agency: active ones come first, then older ones; all but the
 * first get the end of their id.
 */
function unitNumbers(units: readonly LegacyUnit[]): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  for (const fleet of groupBy(units, ({ agencyId }) => agencyId).values()) {
    const taken = new Set(fleet.map(({ unitNumber }) => unitNumber));
    for (const twins of groupBy(fleet, ({ unitNumber }) => unitNumber).values()) {
      for (const { id, unitNumber } of twins.toSorted(byPrecedence).slice(1)) {
        const wanted = unitNumber + idSuffix(id);
        const number = taken.has(wanted) ? `${unitNumber} #${id}` : wanted;
        taken.add(number);
        changed.set(id, number);
      }
    }
  }
  return changed;
}

function byPrecedence(one: LegacyUnit, other: LegacyUnit): number {
  return Number(other.isActive) - Number(one.isActive) || byCreation(one, other);
}

function movedUnit(
  { unit, type, number, capabilities, isGuessed }: KnownUnit,
  isOnTrip: boolean,
  importedAt: Date,
): Moved {
  const source = { table: "Unit", pk: unit.id };
  const status = unitStatusFrom(unit, isOnTrip);
  const row = {
    agency_id: unit.agencyId,
    capabilities,
    created_at: unit.createdAt,
    current_location: unit.currentLocation,
    id: unit.id,
    imported_at: importedAt,
    is_active: unit.isActive,
    shift_end: usableTime(unit.shiftEnd),
    shift_start: usableTime(unit.shiftStart),
    status: status.value,
    status_reason: null,
    type,
    unit_number: number,
    updated_at: unit.updatedAt,
    version: 1,
  };
  return {
    rows: [{ table: "ems.unit", row }],
    verdicts: [{ ...source, fate: "MIGRATED" }],
    issues: [
      ...issuesOf(source, "R-UNITTYPE", isGuessed ? "UNIT_TYPE_GUESSED" : undefined),
      ...issuesOf(source, "R-UNITNUMBER", number === unit.unitNumber ? undefined : "UNIT_NUMBER_CHANGED"),
      ...issuesOf(source, "R-UNITSTATUS", status.issue),
      ...timeIssues(source, [unit.shiftStart, unit.shiftEnd]),
    ],
  };
}

/** A unit's status by what it does (R-UNITSTATUS). One that is switched off does not become AVAILABLE by it. */
function unitStatusFrom(
  { currentStatus, isActive }: LegacyUnit,
  isOnTrip: boolean,
): { readonly value: string; readonly issue?: string } {
  if (currentStatus === "OUT_OF_SERVICE" || currentStatus === "MAINTENANCE") {
    return { value: currentStatus, ...(isOnTrip && { issue: "UNIT_BOOKED_THOUGH_OUT" }) };
  }
  if (isOnTrip) return { value: "IN_USE" };
  if (currentStatus !== "IN_USE") return { value: currentStatus };
  // IN_USE follows from trips alone, so that nobody could ever free it.
  return { value: isActive ? "AVAILABLE" : "OUT_OF_SERVICE", issue: "UNIT_IN_USE_WITHOUT_TRIP" };
}
