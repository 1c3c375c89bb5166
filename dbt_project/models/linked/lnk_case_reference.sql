-- One row per record in which an agency writes a case number of another: a prosecution file, a protection order, or
-- a case record, with the case it means, or why none is found.
with referring as (

    -- A file without number is one row too: somebody has to ask for it.
    select
        min(charge_record_id) as reference_record_id,
        'PROSECUTION_FILE' as reference_kind_code,
        'AGC' as source_agency_code,
        'charges' as source_record,
        min(case_no_norm) as case_no_norm,
        min(opened_on) as referred_on,
        min(known_on) as known_on
    from {{ ref('cnf_charge') }}
    group by prosecution_no
    union all
    select
        order_record_id as reference_record_id,
        'PROTECTION_ORDER' as reference_kind_code,
        'JKM' as source_agency_code,
        'protection_orders' as source_record,
        case_no_norm,
        interim_on as referred_on,
        known_on
    from {{ ref('cnf_protection_order') }}
    union all
    select
        case_record_id as reference_record_id,
        'CASE_RECORD' as reference_kind_code,
        source_agency_code,
        source_record,
        case_no_norm,
        recorded_on as referred_on,
        known_on
    from {{ ref('cnf_case') }}

),

-- series/number/year, as macro case_no_norm writes it; the agency is the first word of the series.
named as (

    select
        *,
        {{ mids.first_match('case_no_norm', '^([A-Z]+)[A-Z ]*/[0-9]+/20[0-9][0-9]$', 1) }} as named_agency_code,
        {{ mids.first_match('case_no_norm', '^[A-Z ]+/([0-9]+/20[0-9][0-9])$', 1) }} as number_and_year,
        {{ mids.first_match('case_no_norm', '^([A-Z ]+/[0-9]+)/20[0-9][0-9]$', 1) }} as series_and_number,
        cast({{ mids.first_match('case_no_norm', '/(20[0-9][0-9])$', 1) }} as {{ dbt.type_bigint() }}) as year_number
    from referring

),

-- An agency's own numbers refer to nothing.
reference as (

    select * from named
    where
        reference_kind_code <> 'CASE_RECORD'
        or (named_agency_code is not null and named_agency_code <> source_agency_code)

),

held as (

    select
        link.case_key,
        link.case_no_norm,
        named.source_agency_code,
        named.named_agency_code,
        named.number_and_year,
        named.series_and_number,
        named.year_number
    from {{ ref('lnk_case') }} as link
    inner join named
        on named.reference_kind_code = 'CASE_RECORD' and link.case_record_id = named.reference_record_id

),

same_number as (

    select
        reference.reference_record_id,
        min(held.case_key) as case_key
    from reference
    inner join held
        on
            reference.case_no_norm = held.case_no_norm
            and reference.source_agency_code <> held.source_agency_code
    group by reference.reference_record_id

),

other_series as (

    select
        reference.reference_record_id,
        min(held.case_key) as case_key
    from reference
    inner join held
        on
            reference.named_agency_code = held.named_agency_code
            and reference.number_and_year = held.number_and_year
            and reference.source_agency_code <> held.source_agency_code
    group by reference.reference_record_id

),

other_year as (

    select
        reference.reference_record_id,
        min(held.case_key) as case_key
    from reference
    inner join held
        on
            reference.series_and_number = held.series_and_number
            and abs(reference.year_number - held.year_number) = 1
            and reference.source_agency_code <> held.source_agency_code
    group by reference.reference_record_id

)

select
    reference.reference_record_id,
    reference.reference_kind_code,
    reference.source_agency_code,
    reference.source_record,
    coalesce(reference.named_agency_code, 'XX') as named_agency_code,
    reference.case_no_norm,
    coalesce(same_number.case_key, 'XX') as case_key,
    case
        when same_number.case_key is not null then 'NONE'
        when reference.case_no_norm is null then 'NO_NUMBER'
        when reference.named_agency_code is null then 'UNREADABLE'
        when other_series.case_key is not null then 'OTHER_SERIES'
        when other_year.case_key is not null then 'OTHER_YEAR'
        else 'NOT_TOLD'
    end as unmatched_reason_code,
    -- A case that the number may mean, for a clerk to ask about; never counted as a match.
    case
        when same_number.case_key is not null then 'XX'
        else coalesce(other_series.case_key, other_year.case_key, 'XX')
    end as likely_case_key,
    reference.referred_on,
    reference.known_on
from reference
left join same_number on reference.reference_record_id = same_number.reference_record_id
left join other_series on reference.reference_record_id = other_series.reference_record_id
left join other_year on reference.reference_record_id = other_year.reference_record_id
