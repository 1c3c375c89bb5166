-- One row per record of an international source's newest publication and measure it carries.
with ctdc as (

    select
        'CTDC' as source_code,
        source_record_key,
        cast({{ dbt.concat(['cast(registration_year as ' ~ dbt.type_string() ~ ')', "'-01-01'"]) }} as date)
            as period_start,
        exploitation_country_code as country_text,
        citizenship_code as nationality_text,
        cast(null as {{ dbt.type_string() }}) as region_text,
        1 as victims,
        is_forced_labour,
        is_sexual_exploitation,
        known_on,
        dense_rank() over (order by _sent_on desc, _receipt_id desc) as publication
    from {{ ref('stg_ctdc__victims') }}
    where not is_deleted

),

europe as (

    select
        'IOM_EUROPE' as source_code,
        source_record_key,
        occurred_on as period_start,
        country_name as country_text,
        cast(null as {{ dbt.type_string() }}) as nationality_text,
        route_name as region_text,
        dead_count,
        missing_count,
        dead_or_missing_count,
        survivor_count,
        known_on,
        dense_rank() over (order by _sent_on desc, _receipt_id desc) as publication
    from {{ ref('stg_iom__missing_migrants_europe') }}
    where not is_deleted

),

export as (

    select
        'IOM_EXPORT' as source_code,
        source_record_key,
        cast(occurred_on as date) as period_start,
        cast(null as {{ dbt.type_string() }}) as country_text,
        cast(null as {{ dbt.type_string() }}) as nationality_text,
        route_name as region_text,
        dead_count,
        missing_count,
        case
            when dead_count is not null or missing_count is not null
                then coalesce(dead_count, 0) + coalesce(missing_count, 0)
        end as dead_or_missing_count,
        survivor_count,
        known_on,
        dense_rank() over (order by _sent_on desc, _receipt_id desc) as publication
    from {{ ref('stg_iom__missing_migrants_export') }}
    where not is_deleted

),

boats as (

    select
        'UKHO' as source_code,
        source_record_key,
        occurred_on as period_start,
        'GB' as country_text,
        cast(null as {{ dbt.type_string() }}) as nationality_text,
        cast(null as {{ dbt.type_string() }}) as region_text,
        migrant_count,
        boat_count,
        known_on,
        dense_rank() over (order by _sent_on desc, _receipt_id desc) as publication
    from {{ ref('stg_ukho__small_boats') }}
    where not is_deleted

),

measured as (

    {% set measures = [
        ('ctdc', 'victims', 'victims'),
        ('ctdc', 'victims_forced_labour', 'is_forced_labour'),
        ('ctdc', 'victims_sexual_exploitation', 'is_sexual_exploitation'),
        ('europe', 'dead', 'dead_count'),
        ('europe', 'missing', 'missing_count'),
        ('europe', 'dead_missing', 'dead_or_missing_count'),
        ('europe', 'survivors', 'survivor_count'),
        ('export', 'dead', 'dead_count'),
        ('export', 'missing', 'missing_count'),
        ('export', 'dead_missing', 'dead_or_missing_count'),
        ('export', 'survivors', 'survivor_count'),
        ('boats', 'migrants_arrived', 'migrant_count'),
        ('boats', 'boats_arrived', 'boat_count'),
    ] -%}
    {% for relation, measure, column in measures -%}
    select
        source_code,
        source_record_key,
        period_start,
        country_text,
        nationality_text,
        region_text,
        '{{ measure }}' as measure_code,
        cast({{ column }} as {{ dbt.type_bigint() }}) as value_as_sent,
        known_on
    from {{ relation }}
    where publication = 1
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    measured.source_code,
    measured.source_record_key,
    measured.measure_code,
    measured.period_start,
    coalesce(country.country_code, 'XX') as country_code,
    coalesce(nationality.country_code, 'XX') as nationality_code,
    coalesce(measured.region_text, 'XX') as region_name,
    measured.value_as_sent,
    -- A blank means that nothing was detected or known: nought in the measure, absent as sent.
    coalesce(measured.value_as_sent, 0) as measure_value,
    {{ mids.unmapped([
        ['country', 'measured.country_text', 'country.country_code'],
        ['nationality', 'measured.nationality_text', 'nationality.country_code'],
    ]) }} as unmapped,
    measured.known_on
from measured
left join {{ ref('map_country') }} as country
    on {{ mids.plain_text('measured.country_text') }} = country.spelling
left join {{ ref('map_country') }} as nationality
    on {{ mids.plain_text('measured.nationality_text') }} = nationality.spelling
