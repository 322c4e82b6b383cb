import { type LegacyTable, table } from "../legacy-table.ts";

/** Units, when they are available and on what they were sent. */
export const units: readonly LegacyTable[] = [
  table({
    name: "Unit",
    columns: [
      "id text",
      "agencyId text",
      "unitNumber text",
      "type TransportLevel",
      "capabilities jsonb?",
      "currentStatus UnitStatus = AVAILABLE",
      "currentLocation jsonb?",
      "shiftStart timestamp?",
      "shiftEnd timestamp?",
      "isActive bool = true",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
    references: {
      agencyId: "TransportAgency",
    },
  }),
  table({
    name: "UnitAvailability",
    columns: [
      "id text",
      "unitId text",
      "status UnitStatus = AVAILABLE",
      "location jsonb?",
      "shiftStart timestamp?",
      "shiftEnd timestamp?",
      "crewMembers jsonb?",
      "currentAssignment text?",
      "notes text?",
      "lastUpdated timestamp = now()",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
    references: {
      unitId: "Unit",
    },
  }),
  table({
    name: "UnitAssignment",
    columns: [
      "id text",
      "unitId text",
      "unitAvailabilityId text",
      "transportRequestId text?",
      "assignmentType AssignmentType",
      "startTime timestamp",
      "endTime timestamp?",
      "status AssignmentStatus = ACTIVE",
      "notes text?",
      "assignedBy text?",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
    references: {
      unitId: "Unit",
      unitAvailabilityId: "UnitAvailability",
      transportRequestId: "TransportRequest",
      assignedBy: "AgencyUser",
    },
  }),
];
