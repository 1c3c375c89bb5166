-- The rival: the cases, charges, persons, operations and weekly counts of the star by hand, in one script for DuckDB:
-- every row and every column of the five marts. It reads the same landed Parquet and code lists, and knows only what the
-- benchmark's records hold: one agency a record, no linked persons. `$landing` and `$seeds` are put in by
-- benchmarks/warehouse_build.py, which compares rows.
create macro plain(t) as trim(regexp_replace(upper(t), '[^0-9A-Z]+', ' ', 'g'));
create macro day(t) as cast(coalesce(try_strptime(t, '%d/%m/%Y'), try_strptime(t, '%d-%m-%Y'), try_cast(t as timestamp)) as date);
create macro moment(t) as coalesce(try_strptime(t, '%d/%m/%Y %H:%M'), try_cast(t as timestamp));
create macro age(born, d) as date_diff('year', born, d)
    - case when month(d) * 100 + dayofmonth(d) < month(born) * 100 + dayofmonth(born) then 1 else 0 end;
create macro monday(d) as cast(date_trunc('week', d) as date);
create macro case_no(t) as 'PDRM ' || regexp_extract(plain(t), '(TIP|SOM)', 1) || '/'
    || regexp_extract(plain(t) || ' ', ' 0*([0-9]+) (20[0-9][0-9]) ', 1) || '/'
    || regexp_extract(plain(t) || ' ', ' 0*([0-9]+) (20[0-9][0-9]) ', 2);
create table map_state as from read_csv('$seeds/map_state.csv', all_varchar = true);
create table map_code as from read_csv('$seeds/map_code.csv', all_varchar = true);
create table map_exploitation as from read_csv('$seeds/map_exploitation.csv', all_varchar = true);
create table ref_exploitation as from read_csv('$seeds/ref_exploitation.csv', all_varchar = true);
create table map_country as from read_csv('$seeds/map_country.csv', all_varchar = true);
create table map_premises as from read_csv('$seeds/map_premises.csv', all_varchar = true);
create table map_section as from read_csv('$seeds/map_section.csv', all_varchar = true);
create table age_band as
select unnest(range(cast(age_from as bigint), cast(age_to as bigint) + 1)) as years, age_band_code, is_child = 'true' as is_child
from read_csv('$seeds/ref_age_band.csv', all_varchar = true);
create table offence as select offence_key, offence_code,
    case when row_number() over (partition by offence_code order by effective_from) = 1 then date '1900-01-01'
        else cast(effective_from as date) end as match_from,
    coalesce(cast(effective_to as date), date '9999-12-31') as match_to
    from read_csv('$seeds/ref_offence.csv', all_varchar = true);

-- The opening extract was known the Monday after each record was made.
create macro known(received_on, first_on, recorded_on) as case when received_on = first_on
    then least(received_on, monday(recorded_on) + 7) else received_on end;
create table began as
select
    (select min(_known_on)::date from read_parquet('$landing/pdrm/cases/*.parquet')) as cases,
    (select min(_known_on)::date from read_parquet('$landing/pdrm/persons/*.parquet')) as persons,
    (select min(_known_on)::date from read_parquet('$landing/agc/charges/*.parquet')) as charges,
    (select min(_known_on)::date from read_parquet('$landing/jim/operations/*.parquet')) as operations;

create table told_case as
select
    case_no(no_kertas_siasatan) as norm, moment(kemaskini_pada) as updated_at, cast(_known_on as date) as received_on,
    _receipt_id as receipt_id, day(tarikh_kejadian) as occurred_on, day(tarikh_lapor) as reported_on,
    day(tarikh_daftar) as recorded_on, coalesce(m.crime, k.code, 'XX') as crime_type_code,
    coalesce(x.exploitation_code, case when k.code = 'SOM' then 'NotApplicable' else 'Unknown' end) as exploitation_code,
    coalesce(s.state_code, 'XX') as state_code, coalesce(st.code, 'XX') as case_status_code,
    coalesce(sec.offence_code, 'XX') as offence_code, day(tarikh_serbuan) as raid_on, no_serbuan as raid_no,
    try_cast(bil_mangsa as bigint) as victim_count, try_cast(bil_suspek as bigint) as suspect_count
from read_parquet('$landing/pdrm/cases/*.parquet', union_by_name = true) as c
left join map_code as k on k.domain = 'crime_type' and plain(jenis_kes) = k.spelling
left join map_code as st on st.domain = 'case_status' and plain(status_kes) = st.spelling
left join map_state as s on plain(negeri) = s.spelling
left join map_exploitation as x on plain(jenis_eksploitasi) = x.spelling
left join (select exploitation_code as e, crime_type_code as crime from ref_exploitation) as m on x.exploitation_code = m.e
left join map_section as sec on sec.act_code = 'ATIPSOM'
    and regexp_extract(regexp_replace(plain(seksyen), '(AKTA|ACT) [0-9]+', ''), '[0-9]+[A-K]?') = sec.section;

create table case_version as
select *,
    coalesce(case when occurred_on <= known_on then occurred_on end, case when reported_on <= known_on then reported_on end,
        case when recorded_on <= known_on then recorded_on end, known_on) as event_on,
    row_number() over (partition by norm order by updated_at desc, received_on desc) as age,
    row_number() over (partition by norm, monday(known_on) order by updated_at desc, received_on desc) as week_age
from (select *, known(received_on, (select cases from began), recorded_on) as known_on from told_case);

create table told_charge as
select
    md5('agc|charges|' || agc_ref || '|' || charges_charge_no) as charge_key, case_no(investigation_ref) as norm,
    agc_ref, accused_sex as sex_text, coalesce(ag.code, 'XX') as investigating_agency_code, day(opened_on) as opened_on,
    known(cast(_known_on as date), (select charges from began), day(recorded_on)) as known_on, charges_charge_no as charge_no,
    case when charges_charge_no is null then 'NA' when try_cast(charges_child_victim as boolean) then 'Y'
        when charges_child_victim is null then 'XX' else 'N' end as child_victim_code,
    try_cast(charges_sentence_months as bigint) as sentence_months,
    coalesce(sec.offence_code, 'XX') as offence_code, day(charges_charged_on) as charged_on,
    coalesce(o.code, 'XX') as charge_outcome_code, day(charges_outcome_on) as outcome_on,
    row_number() over (partition by agc_ref, charges_charge_no order by moment(updated_at) desc, _known_on desc) as age
from read_parquet('$landing/agc/charges/*.parquet', union_by_name = true) as c
left join map_code as ag on ag.domain = 'agency' and plain(agency) = ag.spelling
left join map_code as o on o.domain = 'charge_outcome' and plain(charges_outcome) = o.spelling
left join map_section as sec on sec.act_code = 'ATIPSOM' and charges_section = sec.section;

create table told_person as
select
    md5('pdrm|persons|' || no_kertas_siasatan || '|' || no_orang) as record_id, case_no(no_kertas_siasatan) as norm,
    r.code as role_code, sex.code as sex_code, coalesce(n.country_code, 'XX') as nationality_code,
    coalesce(po.code, 'NONE') as protection_order_code, day(tarikh_lahir) as birth_date,
    try_cast(umur as bigint) as age_years,
    known(cast(_known_on as date), (select persons from began), day(tarikh_daftar)) as known_on,
    row_number() over (partition by no_kertas_siasatan, no_orang order by moment(kemaskini_pada) desc, _known_on desc) as age
from read_parquet('$landing/pdrm/persons/*.parquet', union_by_name = true) as c
left join map_code as r on r.domain = 'role' and plain(peranan) = r.spelling
left join map_code as sex on sex.domain = 'sex' and plain(jantina) = sex.spelling
left join map_code as po on po.domain = 'protection_order' and plain(perintah) = po.spelling
left join map_country as n on plain(warganegara) = n.spelling;

create table star_person as
select
    'unlinked-' || p.record_id as person_key, md5('case|' || p.norm) as case_key, p.role_code, 'PDRM' as agency_code,
    c.crime_type_code, c.exploitation_code, c.state_code, 'MY' as country_code, p.nationality_code, p.sex_code,
    coalesce(age_band_code, 'XX') as age_band_code,
    case when is_child is null then 'XX' when is_child then 'Y' else 'N' end as is_child_code, c.event_on,
    monday(c.event_on) as event_week, p.known_on, p.protection_order_code, 'XX' as trafficking_status_code,
    p.role_code <> 'SUSPECT' as is_counted, 1::bigint as record_count, 1::bigint as agency_count
from told_person as p
join (from case_version where age = 1) as c using (norm)
left join age_band on coalesce(p.age_years, age(p.birth_date, c.event_on)) = years
where p.age = 1
union all
-- Nothing but the sex is told of the accused; the place is the investigation's.
select 'unlinked-' || md5('agc|charges|' || agc_ref), md5('case|' || norm), 'ACCUSED', 'AGC', c.crime_type_code,
    c.exploitation_code, c.state_code, 'MY', 'XX', sex.code, 'XX', 'XX', c.event_on, monday(c.event_on), h.known_on, 'NONE',
    'XX', false, 1, 1
from (select agc_ref, norm, any_value(sex_text) as sex_text, min(known_on) as known_on from told_charge where age = 1
    group by all) as h
join (from case_version where age = 1) as c using (norm)
left join map_code as sex on sex.domain = 'sex' and plain(sex_text) = sex.spelling;

create table star_operation as
select
    md5('jim|operations|' || no_operasi) as operation_key, 'JIM' as agency_code, 'OPERATION' as operation_kind_code,
    'XX' as crime_type_code, event_on, monday(event_on) as event_week, coalesce(s.state_code, 'XX') as state_code,
    coalesce(place.industry_code, 'XX') as industry_code, try_cast(bil_diperiksa as bigint) as screened_count,
    try_cast(bil_ditangkap as bigint) as arrested_count, try_cast(bil_majikan as bigint) as employer_count,
    null::bigint as worker_count, null::bigint as refused_count, no_kes is not null as has_case, known_on
from (select *, coalesce(case when occurred_on <= known_on then occurred_on end,
        case when recorded_on <= known_on then recorded_on end, known_on) as event_on
    from (select *, day(tarikh_operasi) as occurred_on, day(tarikh_rekod) as recorded_on,
            known(cast(_known_on as date), (select operations from began), day(tarikh_rekod)) as known_on,
            row_number() over (partition by no_operasi order by day(kemaskini) desc, _known_on desc) as age
        from read_parquet('$landing/jim/operations/*.parquet', union_by_name = true))) as o
left join map_state as s on plain(negeri) = s.spelling
left join (select premises, arg_max(industry_code, length(pattern)) as industry_code
    from (select distinct jenis_premis as premises from read_parquet('$landing/jim/operations/*.parquet'))
    join map_premises on plain(premises) like pattern || '%' group by premises) as place on jenis_premis = place.premises
where age = 1
union all
select md5('raid|PDRM|' || raid_no), 'PDRM', 'RAID',
    case when min(crime_type_code) = max(crime_type_code) then min(crime_type_code) else 'XX' end, min(raid_on),
    monday(min(raid_on)), case when min(state_code) = max(state_code) then min(state_code) else 'XX' end, 'XX', null, null,
    null, null, null, true, min(known_on)
from case_version where age = 1 and raid_no is not null and raid_on is not null group by raid_no;

create table star_case as
select
    md5('case|' || norm) as case_key, 'PDRM' as agency_code, 'INVESTIGATION' as case_kind_code, c.crime_type_code,
    offence_key, exploitation_code, c.state_code, c.event_on, monday(c.event_on) as event_week, occurred_on, reported_on,
    recorded_on, first_known_on as known_on, case_status_code, raid_on, coalesce(operation_key, 'XX') as operation_key,
    victim_count, suspect_count, coalesce(victims, 0) as victims_identified, coalesce(suspects, 0) as suspects_identified,
    coalesce(charges, 0) as charge_count, coalesce(convictions, 0) as conviction_count, first_charged_on,
    1::bigint as record_count, 1::bigint as agency_count
from (from case_version where age = 1) as c
join offence on c.offence_code = offence.offence_code and c.event_on >= match_from and c.event_on < match_to
join (select norm, min(known_on) as first_known_on from case_version group by norm) as f using (norm)
left join (select operation_key from star_operation where operation_kind_code = 'RAID')
    on operation_key = md5('raid|PDRM|' || raid_no)
left join (select case_key, count(*) filter (where is_counted) as victims, count(*) filter (where not is_counted) as suspects
    from star_person group by case_key) as v on v.case_key = md5('case|' || norm)
left join (select norm, count(*) as charges, count(*) filter (where charge_outcome_code = 'CONVICTED') as convictions,
        min(charged_on) as first_charged_on
    from told_charge where age = 1 group by norm) as h using (norm);

create table star_charge as
with t as materialized (
    select told_charge.*, case_key, event_on from told_charge join star_case on case_key = md5('case|' || norm) where age = 1)
select charge_key, case_key, 'unlinked-' || md5('agc|charges|' || agc_ref) as person_key, investigating_agency_code,
    o.offence_key, charge_no is not null as is_charged, opened_on, charged_on, child_victim_code, charge_outcome_code,
    outcome_on, sentence_months, date_diff('day', charged_on, outcome_on) as days_to_outcome, t.known_on
from t
join offence as o on t.offence_code = o.offence_code and event_on >= match_from and event_on < match_to;

create table case_state as
select norm, monday(known_on) as from_week, event_on, crime_type_code, state_code, exploitation_group_code,
    coalesce(lead(monday(known_on)) over (partition by norm order by known_on), date '9999-12-31') as to_week
from case_version join (select exploitation_code, exploitation_group_code from ref_exploitation)
    using (exploitation_code) where week_age = 1;

-- A person's place, crime type and age move with the case.
create table star_weekly as
with state as (
    select *, 'case' as unit_code, 'NA' as is_child_code from case_state
    union all by name
    select c.* replace (greatest(from_week, known_week) as from_week), 'person' as unit_code,
        case when is_child is null then 'XX' when is_child then 'Y' else 'N' end as is_child_code
    from (select norm, birth_date, age_years, monday(known_on) as known_week
        from told_person where told_person.age = 1 and role_code <> 'SUSPECT') as p
    join case_state as c on p.norm = c.norm and to_week > known_week
    left join age_band on coalesce(p.age_years, age(birth_date, event_on)) = years)
select monday(event_on) as event_week, known_week, crime_type_code, state_code, 'PDRM' as agency_code,
    exploitation_group_code, is_child_code, unit_code, sum(n)::bigint as count_value
from (select *, from_week as known_week, 1 as n from state
    union all select *, to_week, -1 from state where to_week < date '9999-12-31')
group by all having sum(n) <> 0;
