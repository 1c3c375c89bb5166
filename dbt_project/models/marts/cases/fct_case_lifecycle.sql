-- One row per case, with the day it reached each stage of its life (accumulating snapshot).
with record as (

    select
        link.case_key,
        min(cases.reported_on) as reported_on,
        min(cases.recorded_on) as investigated_on,
        max(cast(cases.updated_at as date)) as last_told_on
    from {{ ref('cnf_case') }} as cases
    inner join {{ ref('lnk_case') }} as link on cases.case_record_id = link.case_record_id
    group by link.case_key

),

prosecuted as (

    select
        charge.case_key,
        min(charge.opened_on) as referred_on,
        min(charge.charged_on) as charged_on,
        min(charge.outcome_on) as first_outcome_on,
        max(charge.outcome_on) as last_outcome_on,
        sum(case when charge.is_charged then 1 else 0 end) as charge_count,
        sum(case when charge.is_charged and final.code is null then 1 else 0 end) as open_charge_count,
        max(case when charge.charge_outcome_code = 'CONVICTED' then 1 else 0 end) = 1 as has_conviction
    from {{ ref('fct_charge') }} as charge
    left join {{ ref('ref_final_status') }} as final
        on final.domain = 'charge_outcome' and charge.charge_outcome_code = final.code
    where charge.case_key <> 'XX'
    group by charge.case_key

),

-- The day the warehouse is seen from: as asked for, else the newest day anything became known.
seen as (

    select
        {% if var('as_of') -%}
        cast('{{ var("as_of") }}' as date)
        {%- else -%}
        (select max(version.known_on) from {{ ref('cnf_case_version') }} as version)
        {%- endif %} as as_of_on

),

dated as (

    select
        cases.case_key,
        cases.agency_code,
        cases.crime_type_code,
        cases.state_code,
        cases.offence_key,
        cases.case_status_code,
        cases.event_on,
        coalesce(record.reported_on, cases.event_on) as reported_on,
        record.investigated_on,
        prosecuted.referred_on,
        prosecuted.charged_on,
        prosecuted.first_outcome_on,
        case when prosecuted.open_charge_count = 0 then prosecuted.last_outcome_on end as decided_on,
        coalesce(prosecuted.charge_count, 0) as charge_count,
        coalesce(prosecuted.open_charge_count, 0) as open_charge_count,
        coalesce(prosecuted.has_conviction, false) as has_conviction,
        final.code is not null as is_closed,
        greatest(
            record.last_told_on,
            coalesce(prosecuted.referred_on, record.last_told_on),
            coalesce(prosecuted.charged_on, record.last_told_on),
            coalesce(prosecuted.last_outcome_on, record.last_told_on)
        ) as last_activity_on,
        seen.as_of_on
    from {{ ref('fct_case') }} as cases
    inner join record on cases.case_key = record.case_key
    left join prosecuted on cases.case_key = prosecuted.case_key
    left join {{ ref('ref_final_status') }} as final
        on final.domain = 'case_status' and cases.case_status_code = final.code
    cross join seen

),

staged as (

    select
        *,
        case
            when charge_count > 0 and open_charge_count = 0 then 'DECIDED'
            when charge_count > 0 then 'CHARGED'
            when is_closed then 'CLOSED'
            when referred_on is not null then 'REFERRED'
            when investigated_on is not null then 'INVESTIGATED'
            else 'REPORTED'
        end as stage_code
    from dated

)

select
    staged.case_key,
    staged.agency_code,
    staged.crime_type_code,
    staged.state_code,
    staged.offence_key,
    staged.stage_code,
    staged.event_on,
    staged.reported_on,
    staged.investigated_on,
    staged.referred_on,
    staged.charged_on,
    staged.first_outcome_on,
    staged.decided_on,
    {{ mids.lag_days('staged.reported_on', 'staged.investigated_on') }} as days_to_investigation,
    {{ mids.lag_days('staged.investigated_on', 'staged.referred_on') }} as days_to_referral,
    {{ mids.lag_days('staged.referred_on', 'staged.charged_on') }} as days_to_charge,
    {{ mids.lag_days('staged.charged_on', 'staged.decided_on') }} as days_to_decision,
    coalesce(
        staged.investigated_on < staged.reported_on
        or staged.referred_on < staged.investigated_on
        or staged.charged_on < staged.referred_on
        or staged.decided_on < staged.charged_on,
        false
    ) as is_out_of_order,
    cast(staged.charge_count as {{ dbt.type_bigint() }}) as charge_count,
    cast(staged.open_charge_count as {{ dbt.type_bigint() }}) as open_charge_count,
    staged.has_conviction,
    staged.last_activity_on,
    staged.as_of_on,
    stage.is_open
    and staged.last_activity_on < {{ mids.plus_days('staged.as_of_on', -1 * var('dormant_days')) }} as is_dormant
from staged
inner join {{ ref('ref_stage') }} as stage on staged.stage_code = stage.stage_code
