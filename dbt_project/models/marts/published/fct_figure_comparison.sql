-- One row per published figure, with our number of the same measure, period, agency and crime type beside it.
-- Measure, relation, crime type, day counted on, number, condition: what of ours stands beside which measure.
{% set measures = [
    ('CASE', 'fct_case', 'crime_type_code', 'coalesce(reported_on, event_on)', '1', 'true'),
    ('INVESTIGATION_PAPER', 'fct_case', 'crime_type_code', 'recorded_on', '1', "case_kind_code = 'INVESTIGATION'"),
    ('POLICE_REPORT', 'fct_case', 'crime_type_code', 'reported_on', '1', "case_kind_code = 'INVESTIGATION'"),
    ('RAID', 'fct_operation', 'crime_type_code', 'event_on', '1', "operation_kind_code = 'RAID'"),
    ('VICTIM_POTENTIAL', 'fct_person_in_case', 'crime_type_code', 'event_on', '1', 'is_counted'),
    ('VICTIM_CONFIRMED', 'fct_person_in_case', 'crime_type_code', 'event_on', '1',
        "is_counted and protection_order_code = 'PO'"),
    ('ARREST', 'fct_person_in_case', 'crime_type_code', 'event_on', '1', "role_code = 'SUSPECT'"),
    ('OPERATION', 'fct_operation', 'crime_type_code', 'event_on', '1', "operation_kind_code = 'OPERATION'"),
    ('PERSON_SCREENED', 'fct_operation', "'XX'", 'event_on', 'screened_count', 'true'),
    ('PERSON_HELD', 'fct_operation', "'XX'", 'event_on', 'arrested_count', 'true'),
    ('EMPLOYER_HELD', 'fct_operation', "'XX'", 'event_on', 'employer_count', 'true'),
    ('ENTRY_REFUSED', 'fct_operation', "'XX'", 'event_on', 'refused_count', "operation_kind_code = 'ENCOUNTER'"),
    ('BOAT', 'fct_interception', "'SOM'", 'event_on', '1', 'true'),
    ('BOAT_MIGRANT', 'fct_interception', "'SOM'", 'event_on', 'migrant_count', 'true'),
] -%}
with charged as (

    select
        charge.investigating_agency_code as agency_code,
        charge.person_key,
        offence.crime_type_code,
        charge.charged_on,
        charge.outcome_on,
        charge.charge_outcome_code = 'CONVICTED' as is_conviction
    from {{ ref('fct_charge') }} as charge
    inner join {{ ref('dim_offence') }} as offence on charge.offence_key = offence.offence_key
    where charge.is_charged

),

accused as (

    select
        person_key,
        crime_type_code,
        max(agency_code) as agency_code,
        min(charged_on) as charged_on,
        min(case when is_conviction then outcome_on end) as convicted_on
    from charged
    group by person_key, crime_type_code

),

counted as (

    {% for measure, relation, crime_type, day, number, condition in measures -%}
    select
        '{{ measure }}' as measure_code,
        agency_code,
        {{ crime_type }},
        {{ day }} as counted_on,
        {{ number }} as counted_value
    from {{ ref(relation) }}
    where {{ condition }}
    union all
    {% endfor -%}
    select
        'ABROAD_REPORTED' as measure_code,
        'KLN' as agency_code,
        'JOBSCAM' as crime_type_code,
        reported_on as counted_on,
        1 as counted_value
    from {{ ref('fct_consular_case') }}
    union all
    select
        'CONVICTION' as measure_code,
        agency_code,
        crime_type_code,
        outcome_on as counted_on,
        1 as counted_value
    from charged
    where is_conviction
    union all
    select
        'PERSON_CHARGED' as measure_code,
        agency_code,
        crime_type_code,
        charged_on as counted_on,
        1 as counted_value
    from accused
    union all
    select
        'PERSON_CONVICTED' as measure_code,
        agency_code,
        crime_type_code,
        convicted_on as counted_on,
        1 as counted_value
    from accused

),

covered as (

    select
        measure_code,
        min(counted_on) as covered_from,
        max(counted_on) as covered_to
    from counted
    where counted_on is not null
    group by measure_code

),

ours as (

    select
        figure.figure_id,
        sum(counted.counted_value) as our_value
    from {{ ref('fct_published_figure') }} as figure
    inner join counted
        on
            figure.measure_code = counted.measure_code
            and figure.crime_type_code = counted.crime_type_code
            and (figure.scope_agency_code = 'ALL' or figure.scope_agency_code = counted.agency_code)
            and figure.period_end >= counted.counted_on
            and counted.counted_on >= coalesce(figure.period_start, cast('1900-01-01' as date))
    group by figure.figure_id

),

beside as (

    select
        figure.figure_id,
        figure.measure_code,
        figure.period_start,
        figure.period_end,
        figure.scope_agency_code,
        figure.crime_type_code,
        figure.publisher,
        figure.published_value,
        figure.conflict_code,
        case
            when covered.measure_code is null then 'NOT_MEASURED'
            when
                {{ mids.plus_days('coalesce(figure.period_start, figure.period_end)', 31) }} < covered.covered_from
                or {{ mids.plus_days('figure.period_end', -31) }} > covered.covered_to
                then 'NOT_COVERED'
            else 'COMPARED'
        end as comparison_code,
        cast(coalesce(ours.our_value, 0) as {{ dbt.type_bigint() }}) as our_value
    from {{ ref('fct_published_figure') }} as figure
    left join covered on figure.measure_code = covered.measure_code
    left join ours on figure.figure_id = ours.figure_id

)

select
    beside.figure_id,
    beside.measure_code,
    beside.period_start,
    beside.period_end,
    beside.scope_agency_code,
    beside.crime_type_code,
    beside.publisher,
    beside.published_value,
    beside.comparison_code,
    case when beside.comparison_code = 'COMPARED' then beside.our_value end as our_value,
    case when beside.comparison_code = 'COMPARED' then beside.our_value - beside.published_value end as difference,
    measure.unit_en,
    measure.our_calendar_en,
    beside.conflict_code,
    conflict.cause_en,
    conflict.cause_ms
from beside
inner join {{ ref('ref_figure_measure') }} as measure on beside.measure_code = measure.figure_measure_code
left join {{ ref('ref_figure_conflict') }} as conflict on beside.conflict_code = conflict.conflict_code
