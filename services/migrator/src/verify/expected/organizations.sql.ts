/** Hospitals, places, agencies and their units, routes and preferences as they should be in the silos. */
export const organizationStatements: readonly string[] = [
  // R-FACOWNER: what is a hospital owns itself; else the only hospital whose people ask for trips from there.
  `create temp table v_facility as
     with made_by as (
       select m.facility_id, case when bool_and(p.hospital_id is not null) and count(distinct p.hospital_id) = 1 then min(p.hospital_id) end as hospital_id
         from v_made m left join v_person p on p.id = m.user_id group by m.facility_id)
     select f.*, pg_temp.place(f.coordinates) as place, coalesce(t.county, '') as county,
            coalesce((select id from v_hospital where id = t.hospital_id),
                     case when t.hospital_id = 'hosp_shared_directory' then t.hospital_id end, h.id, m.hospital_id, 'hosp_shared_directory') as hospital_id,
            jsonb_build_object('facilityId', f.id, 'name', f.name, 'city', f.city, 'state', f.state, 'county', coalesce(t.county, ''))
              || case when pg_temp.place(f.coordinates) is null then '{}' else jsonb_build_object('coordinates', jsonb_build_object(
                   'latitude', (pg_temp.place(f.coordinates))[1], 'longitude', (pg_temp.place(f.coordinates))[2])) end as told
       from v_place p join "Facility" f on f.id = p.id left join v_hospital h on h.id = f.id left join made_by m on m.facility_id = f.id
       left join v_told_facility t on t.id = f.id where p.bad is null`,
  // R-HOSP. A hospital in disguise lends its name and how to reach it, the oldest if there are several.
  `create temp table v_center_hospital as
     with lender as (
       select distinct on (p.facility_id) p.facility_id, a.name, a.phone, a.email
         from v_phantom p join v_agency v on v.id = p.id and v.is_disguise and v.bad is null join "TransportAgency" a on a.id = p.id
        order by p.facility_id, a."createdAt", a.id collate "C")
     select f.id, case when pg_temp.trimmed(l.name) <> '' then l.name else f.name end as name, f.address, f.city, f.state, f."zipCode" as zip_code,
            case when pg_temp.trimmed(l.phone) <> '' then l.phone else f.phone end as phone,
            case when pg_temp.trimmed(l.email) <> '' then l.email else f.email end as email,
            f."isActive" as is_active, pg_temp.utc(f."createdAt") as created_at, pg_temp.utc(f."updatedAt") as updated_at
       from v_hospital h join "Facility" f on f.id = h.id left join lender l on l.facility_id = h.id
     union all
     select 'hosp_shared_directory', 'Shared facility directory', '', '', '', '', null, null, true, w.imported_at, w.imported_at from v_option w`,
  `create temp table v_silo_agency as
     with contact as (
       select distinct on ("agencyId") "agencyId" as agency_id, name from "AgencyUser"
        where role = 'ADMIN' and "isActive" and pg_temp.trimmed(name) <> ''
        order by "agencyId", "createdAt", id collate "C"),
     areas as (
       select "agencyId" as agency_id, array_agg(name order by "createdAt", id collate "C") as names from "ServiceArea" where "isActive" group by 1)
     select a.id, a.name, case when pg_temp.trimmed(a."contactName") <> '' then a."contactName" else coalesce(c.name, a.name) end as contact_name,
            a.phone, a.email, a.address, a.city, a.state, a."zipCode" as zip_code,
            pg_temp.distinct_texts(pg_temp.area(a."serviceArea") || coalesce(s.names, '{}')) as service_area,
            pg_temp.hours(a."operatingHours", 'UNKNOWN') as operating_hours, pg_temp.capabilities(a.capabilities) as capabilities,
            nullif(a."pricingStructure", 'null') as pricing_structure, a."isActive" as is_active,
            (select p.user_id from v_person p where p.id = a."addedBy") as added_by, a.status::text as status,
            coalesce(pg_temp.utc(a."addedAt"), pg_temp.utc(a."createdAt")) as added_at,
            pg_temp.utc(a."createdAt") as created_at, pg_temp.utc(a."updatedAt") as updated_at
       from v_real_agency r join "TransportAgency" a on a.id = r.id
       left join contact c on c.agency_id = a.id left join areas s on s.agency_id = a.id`,
  `create temp table v_unit as
     with noted as (select "unitId" as unit_id, string_agg(notes, chr(10)) as notes from "UnitAvailability" group by 1),
     known as (
       select u.*, pg_temp.capabilities(u.capabilities) as able, concat_ws(chr(10), u."unitNumber", array_to_string(pg_temp.capabilities(u.capabilities), chr(10)), n.notes) as hints,
              case when not pg_temp.is_id(u.id) then 'ID_NOT_USABLE'
                   when not (pg_temp.is_time(u."createdAt") and pg_temp.is_time(u."updatedAt")) then 'TIME_OUT_OF_RANGE'
                   when r.id is null then 'AGENCY_NOT_MOVED' end as bad
         from "Unit" u left join v_real_agency r on r.id = u."agencyId" left join noted n on n.unit_id = u.id),
     -- Numbers are taken once in an agency: by the first of those that share one, and by none that stays behind.
     placed as (
       select *, "unitNumber" || ' #' || right(id, 6) as short, row_number() over (
                partition by bad is null, "agencyId", "unitNumber" order by "isActive" desc, "createdAt", id collate "C") > 1 as is_late
         from known),
     numbered as (
       select *, row_number() over (
                partition by bad is null, is_late, "agencyId", short order by "isActive" desc, "createdAt", id collate "C") = 1
                and (bad is not null or ("agencyId", short) not in (select "agencyId", "unitNumber" from known where bad is null)) as is_free
         from placed)
     select id, bad, "agencyId" as agency_id, able as capabilities, "currentStatus"::text as status, "currentLocation" as location, "isActive" as is_active,
            "shiftStart" as shift_start, "shiftEnd" as shift_end, "createdAt" as created, "updatedAt" as changed,
            case when bad is not null or not is_late then "unitNumber" when is_free then short else "unitNumber" || ' #' || id end as unit_number,
            case when type::text <> 'OTHER' then type::text
                 when hints ~* 'wheel|WC|lift|ramp' then 'WHEELCHAIR' else 'MEDICAL_TAXI' end as type
       from numbered`,
  `create temp table v_availability as
     select a.*, case when not pg_temp.is_id(a.id) then 'ID_NOT_USABLE'
                      when not (pg_temp.is_time(a."createdAt") and pg_temp.is_time(a."updatedAt")) then 'TIME_OUT_OF_RANGE'
                      when u.id is null or u.bad is not null then 'UNIT_NOT_MOVED' end as bad
       from "UnitAvailability" a left join v_unit u on u.id = a."unitId"`,
  `create temp table v_route as
     select r.*, case when not pg_temp.is_id(r.id) then 'ID_NOT_USABLE'
                      when not (pg_temp.is_time(r."createdAt") and pg_temp.is_time(r."updatedAt")) then 'TIME_OUT_OF_RANGE'
                      when a.id is null then 'AGENCY_NOT_MOVED' end as bad
       from "Route" r left join v_real_agency a on a.id = r."agencyId"`,
  `create temp table v_stops as
     select s."routeId" as route_id, jsonb_agg(
              case when p.place is null then '{}' else jsonb_build_object('latitude', p.place[1], 'longitude', p.place[2]) end || jsonb_build_object(
                'stopOrder', s."stopOrder", 'stopType', s."stopType", 'facilityId', s."facilityId", 'tripId', s."transportRequestId",
                'estimatedArrival', to_char(pg_temp.utc(s."estimatedArrival") at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'estimatedDeparture', to_char(pg_temp.utc(s."estimatedDeparture") at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
              order by s."stopOrder") as waypoints
       from "RouteStop" s left join v_facility p on p.id = s."facilityId" group by 1`,
  // Two people of one hospital who prefer the same agency are one preference: the active one of the lowest order.
  `create temp table v_preference as
     with known as (
       select p.*, h.hospital_id as hospital, pg_temp.trimmed(p.notes) as note,
              case when not pg_temp.is_id(p.id) then 'ID_NOT_USABLE'
                   when not (pg_temp.is_time(p."createdAt") and pg_temp.is_time(p."updatedAt")) then 'TIME_OUT_OF_RANGE'
                   when h.hospital_id is null then 'PREFERENCE_NO_HOSPITAL' when a.id is null then 'AGENCY_NOT_MOVED' end as bad
         from "HospitalAgencyPreference" p left join v_person h on h.id = p."hospitalId" left join v_real_agency a on a.id = p."agencyId"),
     ranked as (
       select *, row_number() over w as place, first_value(id) over w as winner
         from known where bad is null
       window w as (partition by hospital, "agencyId" order by "isActive" desc, "preferenceOrder", "createdAt", id collate "C"))
     select k.id, k.bad, r.place, r.winner, k.hospital as hospital_id, k."agencyId" as agency_id, k."isActive" as active,
            k."preferenceOrder" as preference_order, k.note, k."createdAt" as created, k."updatedAt" as changed
       from known k left join ranked r on r.id = k.id`,
  `create temp table v_preference_notes as
     select winner, string_agg(note, chr(10) order by place) as notes
       from (select distinct on (winner, note) winner, note, place from v_preference where bad is null and note <> '' order by winner, note, place) n
      group by winner`,
  "analyze v_facility",
  "analyze v_unit",
  "analyze v_real_agency",
];
