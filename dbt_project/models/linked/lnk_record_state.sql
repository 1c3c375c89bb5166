-- One row per case or person record and week from which something else was known of it. It holds until
-- to_week, 9999-12-31 while nothing newer is known. A person's place and crime type move with the case.
-- Left out is who is alone (lnk_case, lnk_person), most of them: the marts tell what was ever known.
{{ config(materialized=mids.brought_up_to_date(), unique_key='record_id') }}
{% set is_counted -%}
role.is_counted and version.trafficking_status_code <> 'NOT_A_VICTIM' and not version.is_deleted
{%- endset -%}
with link as (

    select
        person_record_id,
        person_key,
        record_rank
    from {{ mids.touched('lnk_person', 'person_record_id') }}
    where not is_alone

),

-- A record that its agency has deleted is linked to nobody now; its past stays.
person_version as (

    select
        version.*,
        link.record_rank,
        coalesce(link.person_key, {{ dbt.concat(["'unlinked-'", 'version.person_record_id']) }}) as unit_key
    from {{ mids.touched('cnf_person_version', 'person_record_id') }} as version
    left join link on version.person_record_id = link.person_record_id
    where version.took_effect and (version.version_count > 1 or link.person_record_id is not null)

),

-- Their cases, and the others of which more than one thing was known.
case_link as (

    select link.*
    from {{ mids.touched('lnk_case', 'case_record_id') }} as link
    where
        not link.is_alone
        or exists (
            select 1
            from person_version
            where
                person_version.source_agency_code = link.source_agency_code
                and person_version.case_source_key = link.source_record_key
        )

),

case_version as (

    select
        version.*,
        {{ mids.week_start('version.known_on') }} as known_week,
        link.case_key,
        link.record_rank,
        link.is_alone
    from {{ mids.touched('cnf_case_version', 'case_record_id') }} as version
    inner join case_link as link on version.case_record_id = link.case_record_id
    where version.took_effect

),

-- The last version known in a week holds until the week of the next one; of most records there is no next one.
case_until as (

    select
        case_record_id,
        version_no,
        {{ mids.until('known_week', 'case_record_id', 'version_no') }} as to_week,
        min(known_week) over (partition by case_record_id) as first_week
    from case_version
    where version_count > 1

),

case_told as (

    select
        version.case_key as unit_key,
        version.case_record_id as record_id,
        version.record_rank,
        version.source_agency_code as agency_code,
        version.is_case as is_counted,
        {{ mids.week_start('version.event_on') }} as event_week,
        version.event_on,
        version.crime_type_code,
        version.state_code,
        version.exploitation_code,
        version.known_week as from_week,
        coalesce(case_until.to_week, cast('9999-12-31' as date)) as to_week,
        coalesce(case_until.first_week, version.known_week) as first_week,
        version.is_alone
    from case_version as version
    left join case_until
        on version.case_record_id = case_until.case_record_id and version.version_no = case_until.version_no

),

case_state as (

    select * from case_told
    where from_week < to_week

),

-- What counts of each case at any time: nothing before it was known, nor while no record of it counts.
timeline as (

    select
        record_id,
        from_week,
        to_week,
        case when is_counted then event_week end as event_week,
        case when is_counted then event_on end as event_on,
        case when is_counted then crime_type_code end as crime_type_code,
        case when is_counted then state_code end as state_code,
        case when is_counted then exploitation_code end as exploitation_code
    from case_state
    union all
    select
        record_id,
        cast('0001-01-01' as date) as from_week,
        first_week as to_week,
        cast(null as date) as event_week,
        cast(null as date) as event_on,
        cast(null as {{ dbt.type_string() }}) as crime_type_code,
        cast(null as {{ dbt.type_string() }}) as state_code,
        cast(null as {{ dbt.type_string() }}) as exploitation_code
    from case_state
    where from_week = first_week

),

-- Of persons told of more than once: until which week each version holds, and whether any that holds is counted.
person_until as (

    select
        person_record_id,
        version_no,
        to_week,
        max(case when is_counted and known_week < to_week then 1 else 0 end) over (partition by person_record_id) = 1
            as was_counted
    from (
        select
            *,
            {{ mids.until('known_week', 'person_record_id', 'version_no') }} as to_week
        from (
            select
                version.person_record_id,
                version.version_no,
                {{ mids.week_start('version.known_on') }} as known_week,
                {{ is_counted }} as is_counted
            from person_version as version
            inner join {{ ref('ref_role') }} as role on version.role_code = role.role_code
            where version.version_count > 1
        ) as told
    ) as held

),

person_told as (

    select
        version.unit_key,
        version.person_record_id as record_id,
        coalesce(version.record_rank, 1) as record_rank,
        own_case.case_record_id,
        version.source_agency_code as agency_code,
        {{ is_counted }} as is_counted,
        role.crime_type_code as role_crime_type_code,
        {{ mids.week_start('version.event_on') }} as event_week,
        version.event_on,
        version.birth_date,
        version.age_years,
        version.state_code,
        version.exploitation_code,
        {{ mids.week_start('version.known_on') }} as from_week,
        coalesce(person_until.to_week, cast('9999-12-31' as date)) as to_week,
        coalesce(person_until.was_counted, {{ is_counted }}) as was_counted
    from person_version as version
    left join person_until
        on version.person_record_id = person_until.person_record_id and version.version_no = person_until.version_no
    left join case_link as own_case
        on
            version.source_agency_code = own_case.source_agency_code
            and version.case_source_key = own_case.source_record_key
    inner join {{ ref('ref_role') }} as role on version.role_code = role.role_code

),

-- Only persons that were ever counted matter from here on.
counted_person as (

    select * from person_told
    where was_counted and from_week < to_week

),

person_in_case as (

    select
        person.unit_key,
        person.record_id,
        person.record_rank,
        person.agency_code,
        person.is_counted,
        coalesce(own_case.event_week, person.event_week) as event_week,
        coalesce(nullif(own_case.crime_type_code, 'XX'), person.role_crime_type_code) as crime_type_code,
        coalesce(nullif(person.state_code, 'XX'), own_case.state_code, 'XX') as state_code,
        coalesce(nullif(own_case.exploitation_code, 'Unknown'), person.exploitation_code) as exploitation_code,
        coalesce(
            person.age_years,
            case
                when person.birth_date <= coalesce(own_case.event_on, person.event_on)
                    then {{ mids.age_years('person.birth_date', 'coalesce(own_case.event_on, person.event_on)') }}
            end
        ) as age_years,
        greatest(person.from_week, coalesce(own_case.from_week, person.from_week)) as from_week,
        least(person.to_week, coalesce(own_case.to_week, person.to_week)) as to_week
    from counted_person as person
    left join timeline as own_case
        on
            person.case_record_id = own_case.record_id
            and person.from_week < own_case.to_week
            and person.to_week > own_case.from_week

),

age_band as (

    {{ mids.age_bands() }}

),

aged as (

    select
        person_in_case.*,
        {{ mids.child_code('age_band.age_band_code', 'age_band.is_child') }} as is_child_code
    from person_in_case
    left join age_band on person_in_case.age_years = age_band.age_years

)

select
    'case' as unit_code,
    unit_key,
    record_id,
    record_rank,
    agency_code,
    is_counted,
    event_week,
    crime_type_code,
    state_code,
    exploitation_code,
    'NA' as is_child_code,
    from_week,
    to_week
from case_state
where not is_alone
union all
select
    'person' as unit_code,
    unit_key,
    record_id,
    record_rank,
    agency_code,
    is_counted,
    event_week,
    crime_type_code,
    state_code,
    exploitation_code,
    is_child_code,
    from_week,
    to_week
from aged
