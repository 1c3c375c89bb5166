-- One row per agency and dimension of quality: the scorecard of the last 13 weeks, with the 13 before beside it;
-- NOT_ASSESSED is neither a pass nor a nought.
with checked as (

    select
        agency_code,
        week_start,
        dimension_code,
        check_status,
        passed_count,
        assessed_count
    from {{ ref('dq_record_week') }}
    union all
    select
        agency_code,
        week_start,
        dimension_code,
        check_status,
        cast(null as {{ dbt.type_bigint() }}) as passed_count,
        cast(null as {{ dbt.type_bigint() }}) as assessed_count
    from {{ ref('dq_feed_week') }}

),

last_week as (

    select max(week_start) as week_start
    from checked

),

placed as (

    select
        checked.*,
        last_week.week_start as last_week_start,
        case
            when checked.week_start > {{ mids.plus_days('last_week.week_start', -91) }} then 1
            when checked.week_start > {{ mids.plus_days('last_week.week_start', -182) }} then 2
        end as quarter_back
    from checked
    cross join last_week

),

counted as (

    select
        agency_code,
        dimension_code,
        last_week_start,
        sum(case when quarter_back = 1 and check_status = 'PASS' then 1 else 0 end) as pass_count,
        sum(case when quarter_back = 1 and check_status = 'WARN' then 1 else 0 end) as warn_count,
        sum(case when quarter_back = 1 and check_status = 'FAIL' then 1 else 0 end) as fail_count,
        sum(case when quarter_back = 1 and check_status = 'NOT_ASSESSED' then 1 else 0 end) as not_assessed_count,
        sum(case when quarter_back = 1 then passed_count end) as passed,
        sum(case when quarter_back = 1 then assessed_count end) as assessed,
        sum(case when quarter_back = 2 and check_status = 'PASS' then 1 else 0 end) as pass_before,
        sum(case when quarter_back = 2 and check_status <> 'NOT_ASSESSED' then 1 else 0 end) as assessed_before
    from placed
    where quarter_back is not null
    group by agency_code, dimension_code, last_week_start

)

select
    agency_code,
    dimension_code,
    last_week_start as week_start,
    case
        when pass_count + warn_count + fail_count = 0 then 'NOT_ASSESSED'
        -- One in twenty checks may miss before the quarter does.
        when pass_count >= 0.95 * (pass_count + warn_count + fail_count) then 'PASS'
        when fail_count <= 0.05 * (pass_count + warn_count + fail_count) then 'WARN'
        else 'FAIL'
    end as score_status,
    case
        when pass_count + warn_count + fail_count > 0
            then cast(pass_count as double) / (pass_count + warn_count + fail_count)
    end as pass_share,
    case when assessed_before > 0 then cast(pass_before as double) / assessed_before end as pass_share_before,
    case when assessed > 0 then cast(passed as double) / assessed end as record_share,
    cast(pass_count as {{ dbt.type_bigint() }}) as pass_count,
    cast(warn_count as {{ dbt.type_bigint() }}) as warn_count,
    cast(fail_count as {{ dbt.type_bigint() }}) as fail_count,
    cast(not_assessed_count as {{ dbt.type_bigint() }}) as not_assessed_count
from counted
