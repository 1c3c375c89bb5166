-- One row per feed, week received and check that records answer: completeness, validity, timeliness and consistency
-- between agencies; NOT_ASSESSED where nothing was there to assess.
{% set staged = [
    'stg_pdrm__cases', 'stg_pdrm__persons', 'stg_jim__operations', 'stg_jim__persons',
    'stg_apmm__interceptions', 'stg_agc__charges', 'stg_kln__consular_cases', 'stg_ngo__reports',
    'stg_jkdm__cases', 'stg_jtk__complaints', 'stg_jkm__protection_orders', 'stg_jkm__shelter_stays',
    'stg_akps__encounters', 'stg_ctdc__victims', 'stg_iom__missing_migrants_europe', 'stg_iom__missing_migrants_export',
    'stg_ukho__small_boats',
] -%}
{% set coded = [
    ('cnf_case_version', 'source_agency_code', 'source_record'),
    ('cnf_person_version', 'source_agency_code', 'source_record'),
    ('cnf_operation', 'source_agency_code', 'source_record'),
    ('cnf_interception', "'APMM'", "'interceptions'"),
    ('cnf_charge', "'AGC'", "'charges'"),
    ('cnf_consular_case', "'KLN'", "'consular_cases'"),
    ('cnf_ngo_report', "'NGO'", "'reports'"),
    ('cnf_protection_order', "'JKM'", "'protection_orders'"),
    ('cnf_shelter_stay', "'JKM'", "'shelter_stays'"),
] -%}
with record as (

    {{ mids.feed_records() }}

),

feed as (

    {{ mids.feeds() }}

),

receipt as (

    select
        upper(agency) as agency_code,
        feed as feed_code,
        cast(known_on as date) as received_on,
        status
    from {{ source('landing', 'receipts') }}
    {% if var('as_of') -%}
    where cast(known_on as date) <= cast('{{ var("as_of") }}' as date)
    {%- endif %}

),

began as (

    select
        record.agency_code,
        record.feed_code,
        record.record_code,
        feed.lateness_days,
        min(receipt.received_on) as began_on
    from record
    inner join feed on record.agency_code = upper(feed.agency_code) and record.feed_code = feed.feed_code
    inner join receipt
        on
            record.agency_code = receipt.agency_code
            and record.feed_code = receipt.feed_code
            and receipt.status = 'accepted'
    group by record.agency_code, record.feed_code, record.record_code, feed.lateness_days

),

staged as (

    {{ mids.staged_quality(staged) }}

),

-- What the conformed layer tells, by the day received: known_on differs from it for the opening extract only.
conformed as (

    {% for model, agency, record in coded -%}
    select
        {{ agency }} as agency_code,
        {{ record }} as record_code,
        known_on,
        'CODED' as check_code,
        case when unmapped is null then 1 else 0 end as is_passed
    from {{ ref(model) }}
    union all
    {% endfor -%}
    select
        source_agency_code as agency_code,
        source_record as record_code,
        known_on,
        'CASE_FOUND' as check_code,
        case when case_key <> 'XX' then 1 else 0 end as is_passed
    from {{ ref('lnk_case_reference') }}
    union all
    -- A person record beside the records of other agencies of the same person: alike unless one of them differs.
    select
        own.source_agency_code as agency_code,
        own.source_record as record_code,
        own.known_on,
        'PERSON_AGREES' as check_code,
        min(
            case
                when own.sex_code <> 'U' and other.sex_code <> 'U' and own.sex_code <> other.sex_code then 0
                when
                    own.nationality_code <> 'XX'
                    and other.nationality_code <> 'XX'
                    and own.nationality_code <> other.nationality_code
                    then 0
                else 1
            end
        ) as is_passed
    from {{ ref('cnf_person') }} as own
    inner join {{ ref('lnk_person') }} as link on own.person_record_id = link.person_record_id
    inner join {{ ref('lnk_person') }} as other
        on link.person_key = other.person_key and link.source_agency_code <> other.source_agency_code
    where link.is_linked
    group by own.person_record_id, own.source_agency_code, own.source_record, own.known_on

),

answered as (

    {% for check, assessed, passed in [
        ('FILLED', 'fields_expected', 'fields_filled'),
        ('READABLE', 'record_count', 'records_read'),
        ('IN_TIME', 'records_timed', 'records_in_time'),
    ] -%}
    select
        agency_code,
        record_code,
        week_start,
        '{{ check }}' as check_code,
        {{ assessed }} as assessed,
        {{ passed }} as passed
    from staged
    union all
    {% endfor -%}
    select
        conformed.agency_code,
        conformed.record_code,
        {{ mids.week_start('greatest(conformed.known_on, began.began_on)') }} as week_start,
        conformed.check_code,
        count(*) as assessed,
        sum(conformed.is_passed) as passed
    from conformed
    inner join began
        on conformed.agency_code = began.agency_code and conformed.record_code = began.record_code
    group by
        conformed.agency_code,
        conformed.record_code,
        {{ mids.week_start('greatest(conformed.known_on, began.began_on)') }},
        conformed.check_code

),

summed as (

    select
        began.agency_code,
        began.feed_code,
        answered.week_start,
        answered.check_code,
        sum(answered.assessed) as assessed,
        sum(answered.passed) as passed
    from answered
    inner join began
        on answered.agency_code = began.agency_code and answered.record_code = began.record_code
    group by began.agency_code, began.feed_code, answered.week_start, answered.check_code

),

-- From the week MIDS began to the week of the newest delivery of any feed: no clock is read here.
week as (

    select distinct {{ mids.week_start('days.date_on') }} as week_start
    from (
        {{ mids.days('(select min(received_on) from receipt)', '(select max(received_on) from receipt)') }}
    ) as days

)

select
    upper(feed.agency_code) as agency_code,
    feed.feed_code,
    week.week_start,
    quality_check.dimension_code,
    quality_check.check_code,
    case
        when coalesce(summed.assessed, 0) = 0 then 'NOT_ASSESSED'
        when summed.passed >= quality_check.pass_from * summed.assessed then 'PASS'
        when summed.passed >= quality_check.warn_from * summed.assessed then 'WARN'
        else 'FAIL'
    end as check_status,
    cast(coalesce(summed.assessed, 0) as {{ dbt.type_bigint() }}) as assessed_count,
    cast(case when summed.assessed > 0 then summed.passed end as {{ dbt.type_bigint() }}) as passed_count,
    case when summed.assessed > 0 then cast(summed.passed as double) / summed.assessed end as passed_share
from feed
cross join week
inner join {{ ref('ref_quality_check') }} as quality_check on quality_check.level_code = 'RECORD'
left join summed
    on
        upper(feed.agency_code) = summed.agency_code
        and feed.feed_code = summed.feed_code
        and week.week_start = summed.week_start
        and quality_check.check_code = summed.check_code
