/** Trips, and the bids on them, as they should be in the silos. */
export const tripStatements: readonly string[] = [
  // Few trips need more than their own row and their bids: those that lack their agency, or the time they were accepted.
  `create temp table v_doubtful as
     select id, "assignedAgencyId" as agency_id, "assignedUnitId" as unit_id, status::text as status
       from "TransportRequest"
      where status in ('SCHEDULED', 'IN_TRANSIT', 'COMPLETED') and "assignedAgencyId" is null
         or status = 'SCHEDULED' and pg_temp.utc("acceptedTimestamp") is null`,
  "analyze v_doubtful",
  `create temp table v_won as
     select b.id, b."transportRequestId" as trip_id, b."agencyId" as agency_id, b."reviewedAt" as reviewed
       from "TransportBid" b join v_real_agency a on a.id = b."agencyId"
      where b.status = 'ACCEPTED' and pg_temp.is_id(b.id) and pg_temp.is_time(b."submittedAt") and pg_temp.is_time(b."updatedAt")`,
  "analyze v_won (trip_id, agency_id)",
  // R-AGENCY, in its order; only the latest assignment of a unit counts, and it tells the unit, too.
  `create temp table v_found as
     with sent as (
       select distinct on (d.id) d.id, s."unitId" as unit_id, s."createdAt" as at
         from v_doubtful d join "UnitAssignment" s on s."transportRequestId" = d.id
        order by d.id, s."createdAt" desc, s.id collate "C"),
     won as (
       select distinct on (d.id) d.id, w.agency_id from v_doubtful d join v_won w on w.trip_id = d.id
        order by d.id, w.reviewed desc nulls last, w.id collate "C"),
     queued as (
       select distinct on (d.id) d.id, q."assignedProviderId" as agency_id
         from v_doubtful d join "TransportQueue" q on q."transportRequestId" = d.id join v_real_agency a on a.id = q."assignedProviderId"
        order by d.id, q."queueTimestamp" desc, q.id collate "C"),
     named as (
       select d.id, d.status, coalesce(d.agency_id, won.agency_id, own.agency_id, lent.agency_id, queued.agency_id) as agency_id,
              case when d.unit_id is null and d.agency_id is null and won.agency_id is null then lent.id else d.unit_id end as unit_id, sent.at
         from v_doubtful d left join won on won.id = d.id left join v_unit own on own.id = d.unit_id and own.bad is null
         left join sent on sent.id = d.id left join v_unit lent on lent.id = sent.unit_id and lent.bad is null
         left join queued on queued.id = d.id)
     select distinct on (n.id) n.id, n.agency_id, n.unit_id,
            case when n.status = 'SCHEDULED' then coalesce(pg_temp.utc(w.reviewed), pg_temp.utc(n.at)) end as accept_time
       from named n left join v_won w on w.trip_id = n.id and w.agency_id = n.agency_id
      order by n.id, w.reviewed desc nulls last, w.id collate "C"`,
  "analyze v_found",
  // R-TRIPHOSP, R-AGENCY, R-STATUS, R-UNIT but for units that are booked twice.
  `create temp table v_trip as
     with told as (
       select t.*, case when f.id is null then t."assignedAgencyId" else f.agency_id end as agency, case when f.id is null then t."assignedUnitId" else f.unit_id end as unit,
              coalesce(pg_temp.utc(t."acceptedTimestamp"), f.accept_time) as accepted
         from "TransportRequest" t left join v_found f on f.id = t.id),
     stated as (
       select told.*, a.id as agency_id,
              case told.status::text when 'SCHEDULED' then case when agency is null then 'PENDING' else 'ASSIGNED' end
                when 'IN_TRANSIT' then 'IN_PROGRESS' else told.status::text end as state
         from told left join v_real_agency a on a.id = told.agency)
     select t.id, t.state as status,
            case when not pg_temp.is_id(t.id) then 'ID_NOT_USABLE'
                 when not (pg_temp.is_time(t."requestTimestamp") and pg_temp.is_time(t."createdAt") and pg_temp.is_time(t."updatedAt")) then 'TIME_OUT_OF_RANGE'
                 when o.id is null or d.id is null then 'FACILITY_NOT_MOVED'
                 when t.state in ('PENDING', 'ASSIGNED', 'IN_PROGRESS') and t."originFacilityId" = t."destinationFacilityId" then 'OPEN_TRIP_TO_ITS_ORIGIN'
                 when t.state in ('ASSIGNED', 'IN_PROGRESS') and t.agency is not null and t.agency_id is null then 'AGENCY_NOT_MOVED'
                 when t.state = 'IN_PROGRESS' and t.agency is null then 'IN_PROGRESS_WITHOUT_AGENCY'
                 when t.state = 'IN_PROGRESS' and u.id is null then 'IN_PROGRESS_WITHOUT_UNIT' end as bad,
            case when t.state <> 'PENDING' then t.agency_id end as agency_id, u.id as unit_id, u.type as unit_type,
            case when t.state <> 'PENDING' then t.accepted end as accept_time,
            case when t.state not in ('PENDING', 'ASSIGNED') then pg_temp.utc(t."pickupTimestamp") end as pickup_time,
            case when t.state not in ('PENDING', 'ASSIGNED', 'IN_PROGRESS') then pg_temp.utc(t."completionTimestamp") end as completion_time,
            case when t.state = 'CANCELLED' then coalesce(t."cancellationReason", 'Migrated: no reason recorded')
                 when t.state <> 'PENDING' then t."cancellationReason" end as cancellation_reason,
            pg_temp.utc(t."requestTimestamp") as request_time, pg_temp.utc(t."createdAt") as created_at, pg_temp.utc(t."updatedAt") as updated_at,
            t."originFacilityId" as origin_id, t."destinationFacilityId" as destination_id, coalesce(p.hospital_id, o.hospital_id) as hospital_id,
            coalesce(p.user_id, t."createdById") as created_by, pg_temp.patient(t."patientId", t.id) as patient_id,
            t."transportLevel"::text as level, t.priority::text as priority, coalesce(t."specialRequirements", '') as special_requirements,
            pg_temp.utc(t."estimatedArrivalTime") as arrival, pg_temp.utc(t."estimatedPickupTime") as pickup
       from stated t left join v_facility o on o.id = t."originFacilityId" left join v_facility d on d.id = t."destinationFacilityId"
       left join v_unit u on u.id = t.unit and u.bad is null and u.agency_id = t.agency_id and t.state <> 'PENDING'
       left join v_person p on p.id = t."createdById"`,
  // R-UNIT: of the open trips of a unit the one that was accepted first keeps it.
  `create temp table v_loser as
     select id from (select id, row_number() over (partition by unit_id order by accept_time nulls last, id collate "C") as place
                       from v_trip where status in ('ASSIGNED', 'IN_PROGRESS') and bad is null and unit_id is not null) booked
      where place > 1`,
  `update v_trip t set unit_id = null, unit_type = null, bad = case when t.status = 'IN_PROGRESS' then 'IN_PROGRESS_WITHOUT_UNIT' end
     from v_loser l where l.id = t.id`,
  // What a silo's database itself refused is not looked for in the silos.
  "update v_trip t set bad = 'REFUSED_BY_DATABASE' from v_refused r where r.source_table = 'TransportRequest' and r.pk = t.id and t.bad is null",
  "analyze v_trip (id, status, bad, agency_id, unit_id)",
  // R-BID: who keeps the award, and which of an agency's open bids on a trip that waits is the newest.
  `create temp table v_kept as
     select distinct on (t.id) t.id as trip_id, w.id as bid_id
       from v_won w join v_trip t on t.id = w.trip_id and t.bad is null and t.agency_id = w.agency_id
      order by t.id, w.reviewed desc nulls last, w.id collate "C"`,
  `create temp table v_newest as
     select distinct on (t.id, b."agencyId") b.id as bid_id
       from "TransportBid" b join v_trip t on t.id = b."transportRequestId" and t.bad is null and t.status = 'PENDING' join v_real_agency a on a.id = b."agencyId"
      where b.status = 'PENDING' and pg_temp.is_id(b.id) and pg_temp.is_time(b."submittedAt") and pg_temp.is_time(b."updatedAt")
      order by t.id, b."agencyId", b."submittedAt" desc, b.id collate "C"`,
  "analyze v_kept",
  "analyze v_newest",
  `create temp table v_bid as
     with judged as (
       select b.*, t.id as trip, t.status as trip_status, t.arrival as trip_arrival, t.pickup as trip_pickup, k.bid_id as kept_id,
              case when t.id is null or t.bad is not null then 'TRIP_QUARANTINED'
                   when not pg_temp.is_id(b.id) then 'ID_NOT_USABLE'
                   when not (pg_temp.is_time(b."submittedAt") and pg_temp.is_time(b."updatedAt")) then 'TIME_OUT_OF_RANGE'
                   when a.id is null then 'AGENCY_NOT_MOVED' end as bad,
              case when b.status = 'EXPIRED' and b."reviewNotes" = 'Bid withdrawn by agency' then 'WITHDRAWN'
                   when b.status = 'ACCEPTED' then case when t.status = 'PENDING' then 'EXPIRED' when k.bid_id = b.id then 'ACCEPTED' else 'REJECTED' end
                   when b.status = 'PENDING' and t.status <> 'PENDING' then case when k.bid_id is not null then 'REJECTED' else 'EXPIRED' end
                   when b.status = 'PENDING' and n.bid_id is null then 'WITHDRAWN'
                   else b.status::text end as state
         from "TransportBid" b left join v_trip t on t.id = b."transportRequestId" left join v_kept k on k.trip_id = t.id
         left join v_newest n on n.bid_id = b.id left join v_real_agency a on a.id = b."agencyId")
     select id, bad, trip as trip_id, "agencyId" as agency_id, "agencyUserId" as user_id, state as status,
            case when state = status::text then null
                 when status = 'EXPIRED' then 'WITHDRAWN_BY_AGENCY'
                 when state = 'REJECTED' then 'TRIP_ASSIGNED'
                 when state = 'WITHDRAWN' then 'SUPERSEDED'
                 when status = 'ACCEPTED' then null
                 when trip_status = 'CANCELLED' then 'TRIP_CANCELLED' else 'TRIP_ASSIGNED' end as end_reason,
            pg_temp.money("bidAmount") as amount,
            coalesce(pg_temp.utc("estimatedArrival"), case when state = 'ACCEPTED' then trip_arrival end) as estimated_arrival,
            case when state = 'ACCEPTED' then trip_pickup end as estimated_pickup, coalesce(notes, '') as notes,
            pg_temp.utc("submittedAt") as submitted_at, pg_temp.utc("updatedAt") as updated_at,
            state = 'PENDING' or state = 'ACCEPTED' and trip_status in ('ASSIGNED', 'IN_PROGRESS') as is_live
       from judged`,
  "analyze v_bid (id, trip_id, bad)",
  `create temp table v_served as select distinct unit_id from v_trip where bad is null and status in ('ASSIGNED', 'IN_PROGRESS') and unit_id is not null`,
];
