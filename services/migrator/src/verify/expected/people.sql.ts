/** Domains of addresses that anybody can have, so that they tell nothing about an agency (R-AGENCYUSER). */
export const publicDomains: readonly string[] = [
  ...["gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "hotmail.com", "outlook.com", "live.com", "msn.com"],
  ...["aol.com", "icloud.com", "me.com", "mac.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net"],
  ...["protonmail.com", "proton.me", "gmx.com", "gmx.net", "mail.com", "zoho.com", "rocketmail.com", "yandex.com"],
  ...[
    "fastmail.com",
    "bellsouth.net",
    "cox.net",
    "charter.net",
    "earthlink.net",
    "juno.com",
    "optonline.net",
    "frontier.com",
  ],
];

/** Hospitals as the old database registered them, who is who, and what becomes of the rows of User and AgencyUser. */
export const peopleStatements: readonly string[] = [
  // Who made how many trips from where: the only look at trips that people need.
  `create temp table v_made as
     select "createdById" as user_id, "originFacilityId" as facility_id, count(*) as trips
       from "TransportRequest" group by 1, 2`,
  `create temp table v_place as
     select f.id, f.type::text as type, f."createdAt" as born, pg_temp.address(f.email) as email,
            case when not pg_temp.is_id(f.id) then 'ID_NOT_USABLE'
                 when not (pg_temp.is_time(f."createdAt") and pg_temp.is_time(f."updatedAt")) then 'TIME_OUT_OF_RANGE' end as bad
       from "Facility" f`,
  // R-PHANTOM: hospitals that were registered among the agencies.
  `create temp table v_phantom as
     select a.id, a."serviceArea" ->> 'facilityId' as facility_id, a."createdAt" as born, pg_temp.address(a.email) as email,
            a.id in (select "agencyId" from "Unit") or a.id in (select "agencyId" from "AgencyUser")
              or a.id in (select "agencyId" from "TransportBid")
              or a.id in (select "assignedAgencyId" from "TransportRequest" where "assignedAgencyId" is not null) as in_use
       from "TransportAgency" a
      where jsonb_typeof(a."serviceArea") = 'object' and a."serviceArea" ->> 'type' = 'hospital'`,
  // R-HOSP.
  `create temp table v_hospital as
     select id from v_place where bad is null and (type = 'HOSPITAL' or id in (select facility_id from v_phantom))`,
  // Where an address or a time of registration leads.
  `create temp table v_register as
     select h.id as hospital_id, p.email, p.born from v_hospital h join v_place p on p.id = h.id
     union all
     select h.id, p.email, p.born from v_hospital h join v_phantom p on p.facility_id = h.id`,
  `create temp table v_agency as
     select a.id, a.name, pg_temp.address(a.email) as email,
            case when not pg_temp.is_id(a.id) then 'ID_NOT_USABLE'
                 when not (pg_temp.is_time(a."createdAt") and pg_temp.is_time(a."updatedAt")) then 'TIME_OUT_OF_RANGE' end as bad,
            p.id is not null and not p.in_use as is_disguise
       from "TransportAgency" a left join v_phantom p on p.id = a.id`,
  `create temp table v_real_agency as select id, email, split_part(email, '@', 2) as domain from v_agency where bad is null and not is_disguise`,
  `create temp table v_user as
     select u.id, u.role::text as role, u."createdAt" as born, u."updatedAt" as changed, pg_temp.address(u.email) as email,
            case when not pg_temp.is_id(u.id) then 'ID_NOT_USABLE'
                 when not (pg_temp.is_time(u."createdAt") and pg_temp.is_time(u."updatedAt")) then 'TIME_OUT_OF_RANGE'
                 when pg_temp.address(u.email) = '' then 'EMAIL_BLANK' end as bad
       from "User" u`,
  `update v_user u set bad = 'EMAIL_TAKEN'
     from (select id, row_number() over (partition by email order by changed desc, id collate "C") as place from v_user where bad is null) r
    where r.id = u.id and r.place > 1`,
  // R-ROLE. What each step says, as the only hospital that it names.
  `create temp table v_evidence as
     with by_email as (
       select u.id, case when count(distinct r.hospital_id) = 1 then min(r.hospital_id) end as hospital_id
         from v_user u join v_register r on r.email = u.email and u.email <> '' group by u.id),
     by_birth as (
       select u.id, case when count(distinct r.hospital_id) = 1 then min(r.hospital_id) end as hospital_id
         from v_user u cross join (values (-1), (0), (1)) near(step)
         join v_register r on floor(extract(epoch from r.born) / 10) = floor(extract(epoch from u.born) / 10) + near.step
        where isfinite(u.born) and isfinite(r.born)
          and r.born between u.born - interval '10 seconds' and u.born + interval '10 seconds'
        group by u.id),
     by_trips as (
       select user_id as id, case when count(*) = 1 then min(facility_id) end as facility_id from v_made group by user_id)
     select u.id, e.id is not null or b.id is not null as is_registrant, t.id is not null as made_trips,
            exists (select from "HospitalAgencyPreference" p where p."hospitalId" = u.id) as prefers,
            exists (select from "TransportAgency" a where a."addedBy" = u.id) as added,
            coalesce(e.hospital_id, b.hospital_id, h.id) as hospital_id
       from v_user u left join by_email e on e.id = u.id left join by_birth b on b.id = u.id
       left join by_trips t on t.id = u.id left join v_hospital h on h.id = t.facility_id`,
  `create temp table v_role as
     select u.id, o.hospital_id as told_hospital_id, o.agency_id as told_agency_id, e.hospital_id as shown_hospital_id,
            case when o.type is not null then o.type
                 when u.role = 'TRANSPORT_AGENCY' then 'EMS'
                 when w.role_policy = 'guide' then case when u.role = 'HOSPITAL_COORDINATOR' then 'HOSPITAL' else 'CENTER' end
                 when e.added then 'CENTER'
                 when e.prefers or e.is_registrant then 'HOSPITAL'
                 when u.role = 'ADMIN' and e.made_trips then 'HOSPITAL'
                 else 'CENTER' end as type,
            w.role_policy = 'evidence' and o.type is null and u.role <> 'TRANSPORT_AGENCY'
              and not (e.added or e.prefers or e.is_registrant or u.role = 'ADMIN' and e.made_trips) as is_guess
       from v_user u join v_evidence e on e.id = u.id cross join v_option w left join v_told_user o on o.email = u.email`,
  // R-EMAIL.
  `create temp table v_crew as
     select a.id, a."agencyId" as agency_id, a."lastLogin" as login, a."updatedAt" as changed, pg_temp.address(a.email) as email,
            case when not pg_temp.is_id(a.id) then 'ID_NOT_USABLE'
                 when not (pg_temp.is_time(a."createdAt") and pg_temp.is_time(a."updatedAt")) then 'TIME_OUT_OF_RANGE'
                 when pg_temp.address(a.email) = '' then 'EMAIL_BLANK'
                 when exists (select from v_user u where u.id = a.id) then 'ID_TAKEN' end as bad
       from "AgencyUser" a`,
  `update v_crew c set bad = 'EMAIL_TAKEN'
     from (select id, row_number() over (partition by email order by login desc nulls last, changed desc, id collate "C") as place
             from v_crew where bad is null) r
    where r.id = c.id and r.place > 1`,
  `create temp table v_merged as
     select u.id, c.id as into_id from v_user u join v_role r on r.id = u.id join v_crew c on c.email = u.email and c.bad is null
      where u.bad is null and r.type = 'EMS'`,
  `update v_crew c set bad = 'EMAIL_OF_USER'
     from v_user u where u.email = c.email and u.bad is null and c.bad is null and u.id not in (select id from v_merged)`,
  // R-HOSPUSER and R-AGENCYUSER. Somebody who has no account keeps his hospital: trips that he made are its trips.
  `create temp table v_person as
     with by_crew as (select email, min(agency_id) as agency_id from v_crew where agency_id in (select id from v_real_agency)
                       group by email having count(distinct agency_id) = 1),
     by_email as (select email, min(id) as agency_id from v_real_agency group by email having count(*) = 1),
     by_domain as (select domain, min(id) as agency_id from v_real_agency where domain <> '' group by domain having count(*) = 1)
     select u.id, coalesce(m.into_id, u.id) as user_id, u.email, r.type, r.is_guess,
            case when r.type = 'HOSPITAL' then coalesce(
              (select id from v_hospital where id = r.told_hospital_id), r.shown_hospital_id) end as hospital_id,
            case when r.type = 'EMS' then coalesce(
              (select id from v_real_agency where id = r.told_agency_id), c.agency_id, e.agency_id, d.agency_id) end as agency_id,
            case when u.bad is not null then 'QUARANTINED' when m.id is not null then 'MERGED' else 'MIGRATED' end as fate,
            u.bad, m.into_id
       from v_user u join v_role r on r.id = u.id left join v_merged m on m.id = u.id
       left join by_crew c on c.email = u.email left join by_email e on e.email = u.email
       left join by_domain d on d.domain = split_part(u.email, '@', 2)
        and d.domain not in (${publicDomains.map((domain) => `'${domain}'`).join(", ")})`,
  `create temp table v_account as
     select u.id, p.email, case when pg_temp.trimmed(u.name) <> '' then u.name else split_part(p.email, '@', 1) end as name, u.password, u.role::text as role,
            p.type, p.hospital_id, p.agency_id, u."isActive" and not (p.is_guess and w.strict) as is_active, u."createdAt" as created, u."updatedAt" as changed
       from v_person p join "User" u on u.id = p.id cross join v_option w where p.fate = 'MIGRATED'
     union all
     select a.id, c.email, case when pg_temp.trimmed(a.name) <> '' then a.name else split_part(c.email, '@', 1) end, a.password, a.role::text,
            'EMS', null, (select id from v_real_agency where id = a."agencyId"), a."isActive", a."createdAt", a."updatedAt"
       from v_crew c join "AgencyUser" a on a.id = c.id where c.bad is null`,
  "analyze v_person",
  "analyze v_account",
];
