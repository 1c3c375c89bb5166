-- One row per day of the calendar.
with days as (

    {{ mids.days("cast('" ~ var('calendar_from') ~ "' as date)", "cast('" ~ var('calendar_to') ~ "' as date)") }}

),

calendar as (

    {{ mids.calendar_columns('days') }}

),

holiday as (

    select
        date_on,
        max(case when state_codes = 'MY' then 1 else 0 end) = 1 as is_national
    from {{ ref('ref_public_holiday') }}
    group by date_on

),

-- The newest change of Act 670: the day its newest versions of offences begin.
amendment as (

    select max(effective_from) as amended_on
    from {{ ref('ref_offence') }}
    where act_code = 'ATIPSOM'

)

select
    calendar.date_on,
    calendar.week_start,
    concat(
        cast(calendar.iso_year as {{ dbt.type_string() }}), '-W', {{ mids.two_digits('calendar.iso_week') }}
    ) as week_code,
    calendar.iso_year,
    calendar.iso_week,
    calendar.iso_weekday,
    weekday.name_en as weekday_name_en,
    weekday.name_ms as weekday_name_ms,
    calendar.month_start,
    concat(
        cast(calendar.year_number as {{ dbt.type_string() }}), '-', {{ mids.two_digits('calendar.month_number') }}
    ) as month_code,
    calendar.month_number,
    month_name.name_en as month_name_en,
    month_name.name_ms as month_name_ms,
    calendar.quarter_start,
    concat(
        cast(calendar.year_number as {{ dbt.type_string() }}),
        '-Q',
        cast(calendar.quarter_number as {{ dbt.type_string() }})
    ) as quarter_code,
    calendar.quarter_number,
    calendar.year_number,
    -- The federal financial year is the calendar year.
    calendar.year_number as fiscal_year,
    calendar.us_tip_year,
    concat(
        'Apr ', cast(calendar.us_tip_year - 1 as {{ dbt.type_string() }}),
        ' - Mar ', cast(calendar.us_tip_year as {{ dbt.type_string() }})
    ) as us_tip_year_name_en,
    concat(
        'Apr ', cast(calendar.us_tip_year - 1 as {{ dbt.type_string() }}),
        ' - Mac ', cast(calendar.us_tip_year as {{ dbt.type_string() }})
    ) as us_tip_year_name_ms,
    coalesce(holiday.is_national, false) as is_national_holiday,
    holiday.date_on is not null as is_holiday_somewhere,
    calendar.date_on >= amendment.amended_on as is_after_amendment
from calendar
inner join {{ ref('ref_calendar_name') }} as weekday
    on weekday.kind = 'weekday' and calendar.iso_weekday = weekday.number
inner join {{ ref('ref_calendar_name') }} as month_name
    on month_name.kind = 'month' and calendar.month_number = month_name.number
left join holiday on calendar.date_on = holiday.date_on
cross join amendment
