import type { Json } from "../target/target-tables.ts";
import type { LegacyLabel } from "./legacy-enums.ts";

// Rows of the old database that rules look at, column by column. Times are UTC; numbers are float8 or int4.

/** A row of User. */
export interface LegacyUser {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly name: string | null;
  readonly role: LegacyLabel<"UserRole">;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of AgencyUser. */
export interface LegacyAgencyUser {
  readonly id: string;
  readonly agencyId: string;
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly role: LegacyLabel<"AgencyUserRole">;
  readonly phone: string | null;
  readonly isActive: boolean;
  readonly lastLogin: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of Facility. */
export interface LegacyFacility {
  readonly id: string;
  readonly name: string;
  readonly type: LegacyLabel<"FacilityType">;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly coordinates: Json | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly operatingHours: Json | null;
  readonly capabilities: Json | null;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of TransportAgency. */
export interface LegacyTransportAgency {
  readonly id: string;
  readonly name: string;
  readonly contactName: string | null;
  readonly phone: string;
  readonly email: string;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly serviceArea: Json | null;
  readonly operatingHours: Json | null;
  readonly capabilities: Json | null;
  readonly pricingStructure: Json | null;
  readonly isActive: boolean;
  readonly addedBy: string | null;
  readonly status: LegacyLabel<"ServiceStatus">;
  readonly addedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of Unit. */
export interface LegacyUnit {
  readonly id: string;
  readonly agencyId: string;
  readonly unitNumber: string;
  readonly type: LegacyLabel<"TransportLevel">;
  readonly capabilities: Json | null;
  readonly currentStatus: LegacyLabel<"UnitStatus">;
  readonly currentLocation: Json | null;
  readonly shiftStart: Date | null;
  readonly shiftEnd: Date | null;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of ServiceArea. */
export interface LegacyServiceArea {
  readonly id: string;
  readonly agencyId: string;
  readonly name: string;
  readonly description: string | null;
  readonly geographicBoundaries: Json;
  readonly coverageRadius: number | null;
  readonly primaryServiceArea: boolean;
  readonly operatingHours: Json | null;
  readonly specialRestrictions: string | null;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of HospitalAgencyPreference. */
export interface LegacyPreference {
  readonly id: string;
  readonly hospitalId: string;
  readonly agencyId: string;
  readonly isActive: boolean;
  readonly preferenceOrder: number;
  readonly notes: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of UnitAvailability. */
export interface LegacyUnitAvailability {
  readonly id: string;
  readonly unitId: string;
  readonly status: LegacyLabel<"UnitStatus">;
  readonly location: Json | null;
  readonly shiftStart: Date | null;
  readonly shiftEnd: Date | null;
  readonly crewMembers: Json | null;
  readonly currentAssignment: string | null;
  readonly notes: string | null;
  readonly lastUpdated: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of Route. */
export interface LegacyRoute {
  readonly id: string;
  readonly routeNumber: string;
  readonly agencyId: string;
  readonly assignedUnitId: string | null;
  readonly status: LegacyLabel<"RouteStatus">;
  readonly totalDistanceMiles: number;
  readonly estimatedTimeMinutes: number;
  readonly emptyMilesReduction: number | null;
  readonly revenueOptimizationScore: number | null;
  readonly chainedTripCount: number;
  readonly estimatedRevenue: number | null;
  readonly plannedStartTime: Date | null;
  readonly actualStartTime: Date | null;
  readonly completionTime: Date | null;
  readonly timeWindowStart: Date | null;
  readonly timeWindowEnd: Date | null;
  readonly optimizationType: LegacyLabel<"RouteOptimizationType"> | null;
  readonly milesSaved: number | null;
  readonly unitsSaved: number | null;
  readonly createdById: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of RouteStop. */
export interface LegacyRouteStop {
  readonly id: string;
  readonly routeId: string;
  readonly stopOrder: number;
  readonly facilityId: string;
  readonly transportRequestId: string | null;
  readonly multiPatientTransportId: string | null;
  readonly stopType: LegacyLabel<"StopType">;
  readonly estimatedArrival: Date | null;
  readonly actualArrival: Date | null;
  readonly estimatedDeparture: Date | null;
  readonly actualDeparture: Date | null;
  readonly stopDuration: number | null;
  readonly notes: string | null;
}

/** A row of TransportRequest. */
export interface LegacyTrip {
  readonly id: string;
  readonly patientId: string;
  readonly originFacilityId: string;
  readonly destinationFacilityId: string;
  readonly transportLevel: LegacyLabel<"TransportLevel">;
  readonly priority: LegacyLabel<"Priority">;
  readonly status: LegacyLabel<"RequestStatus">;
  readonly specialRequirements: string | null;
  readonly requestTimestamp: Date;
  readonly acceptedTimestamp: Date | null;
  readonly pickupTimestamp: Date | null;
  readonly completionTimestamp: Date | null;
  readonly assignedAgencyId: string | null;
  readonly assignedUnitId: string | null;
  readonly createdById: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly routeOptimizationScore: number | null;
  readonly chainingOpportunities: Json | null;
  readonly timeFlexibility: number | null;
  readonly revenuePotential: number | null;
  readonly estimatedArrivalTime: Date | null;
  readonly estimatedPickupTime: Date | null;
  readonly etaUpdates: Json | null;
  readonly cancellationReason: string | null;
}

/** A row of TransportBid. */
export interface LegacyBid {
  readonly id: string;
  readonly transportRequestId: string;
  readonly agencyId: string;
  readonly agencyUserId: string;
  readonly bidAmount: number | null;
  readonly estimatedArrival: Date | null;
  readonly unitType: LegacyLabel<"TransportLevel">;
  readonly specialCapabilities: Json | null;
  readonly notes: string | null;
  readonly status: LegacyLabel<"BidStatus">;
  readonly submittedAt: Date;
  readonly reviewedAt: Date | null;
  readonly reviewedBy: string | null;
  readonly reviewNotes: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of UnitAssignment. */
export interface LegacyUnitAssignment {
  readonly id: string;
  readonly unitId: string;
  readonly unitAvailabilityId: string;
  readonly transportRequestId: string | null;
  readonly assignmentType: LegacyLabel<"AssignmentType">;
  readonly startTime: Date;
  readonly endTime: Date | null;
  readonly status: LegacyLabel<"AssignmentStatus">;
  readonly notes: string | null;
  readonly assignedBy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of TransportQueue. */
export interface LegacyQueueEntry {
  readonly id: string;
  readonly emergencyDepartmentId: string;
  readonly transportRequestId: string;
  readonly queuePosition: number;
  readonly priority: LegacyLabel<"Priority">;
  readonly waitTime: number;
  readonly estimatedWaitTime: number | null;
  readonly status: LegacyLabel<"QueueStatus">;
  readonly assignedProviderId: string | null;
  readonly assignedUnitId: string | null;
  readonly queueTimestamp: Date;
  readonly assignedTimestamp: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
