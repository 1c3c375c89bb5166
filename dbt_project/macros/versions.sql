{# A number that stands for some columns within one statement: equal for equal values, by chance also for others. #}
{% macro narrow_hash(columns) -%}
    {{ return(adapter.dispatch('narrow_hash', 'mids')(columns)) }}
{%- endmacro %}

{% macro default__narrow_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__narrow_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}

{# Between "as" and the query of a common table expression that is large and read more than once: it is worked out
   wherever it is read, as far as it is needed there, which is cheaper than writing it down. Of news it is the other way
   round: they are few, and searched out of all that has landed. Spark never writes such a thing down. #}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'mids')()) }}
{%- endmacro %}

{% macro default__inlined() -%}
    {{ 'materialized' if mids.only_news() else 'not materialized' }}
{%- endmacro %}

{% macro spark__inlined() -%}
{%- endmacro %}

{# The rows of a relation as versions of records, `key` being the columns that name a record, with four more columns:
     version_no    1 for the oldest content of a record, in the order the agency wrote it
     version_count how many contents of the record there are
     is_current    the newest content, unless that says that the record is deleted
     took_effect   false for content that was already superseded when it arrived; without those rows the
                   others, in the order they became known, are what was believed at each time
   The relation has, from staging, is_deleted and what versions are ordered by: _effective_at, then _sent_on, a
   deletion after a record of the same moment. The same rule is in mids_orchestration/landing/history.py.
   Most records were told once, and only the others are sorted, which costs most here. They are found by a hash: two
   records that have the same one by chance are sorted too, and come out the same. The relation is read three times, so
   a large one is inlined(). #}
{% macro versions(relation, key) -%}
{%- set hash, record = mids.narrow_hash(key), key | join(', ') -%}
{%- set delivered = '_sent_on, is_deleted, _receipt_id, _line_no' -%}
select *
from (
    with several as (

        select {{ hash }} as record_hash
        from {{ relation }}
        group by {{ hash }}
        having count(*) > 1

    )

    select
        {{ relation }}.*,
        cast(1 as {{ dbt.type_bigint() }}) as version_no,
        cast(1 as {{ dbt.type_bigint() }}) as version_count,
        true as took_effect,
        not is_deleted as is_current
    from {{ relation }}
    where {{ hash }} not in (select several.record_hash from several)
    union all
    select
        numbered.*,
        version_no = version_count and not is_deleted as is_current
    from (
        select
            {{ relation }}.*,
            row_number() over (partition by {{ record }} order by _effective_at, {{ delivered }}, known_on) as version_no,
            count(*) over (partition by {{ record }}) as version_count,
            coalesce(
                _effective_at >= max(_effective_at) over (
                    partition by {{ record }}
                    order by known_on, {{ delivered }}
                    rows between unbounded preceding and 1 preceding
                ),
                true
            ) as took_effect
        from {{ relation }}
        where {{ hash }} in (select several.record_hash from several)
    ) as numbered
) as versions
{%- endmacro %}

{# Rows of a feed that has a line for each part of something (a person of a case, a charge of a file), with
     part_no             1 for the line that speaks for the whole in one delivery
     is_whole_deleted    whether no part is left once the delivery is taken in #}
{% macro parts(relation, whole) -%}
{%- set sent = '_effective_at, _sent_on, _receipt_id' -%}
{#- Of most wholes no part was ever deleted; only the others' parts are counted. -#}
select
    told.*,
    1 as part_change,
    row_number() over (partition by told.{{ whole }}, {{ sent }} order by told._line_no) as part_no,
    false as is_whole_deleted
from {{ relation }} as told
left join (select distinct {{ whole }} from {{ relation }} as gone where is_deleted) as losing
    on told.{{ whole }} = losing.{{ whole }}
where losing.{{ whole }} is null
union all
select
    changed.*,
    row_number() over (partition by {{ whole }}, {{ sent }} order by _line_no) as part_no,
    sum(part_change) over (partition by {{ whole }} order by {{ sent }}) <= 0 as is_whole_deleted
from (
    select
        told.*,
        case
            when is_deleted = coalesce(lag(is_deleted) over (
                partition by source_record_key order by {{ sent }}, _line_no
            ), true) then 0
            when is_deleted then -1
            else 1
        end as part_change
    from {{ relation }} as told
    where {{ whole }} in (select gone.{{ whole }} from {{ relation }} as gone where gone.is_deleted)
) as changed
{%- endmacro %}

{# The day to count an event on: the first of these days that is a possible one, that is inside the
   calendar and not after the day the record became known; failing all, that day itself. #}
{% macro event_on(days, known_on) -%}
    coalesce(
        {%- for day in days %}
        case when {{ day }} between cast('{{ var("calendar_from") }}' as date) and {{ known_on }} then {{ day }} end,
        {%- endfor %}
        {{ known_on }}
    )
{%- endmacro %}

{# Completed years between a birth date and a day. #}
{% macro age_years(birth_date, on_day) -%}
    (
        extract(year from {{ on_day }}) - extract(year from {{ birth_date }})
        - case
            when extract(month from {{ on_day }}) * 100 + extract(day from {{ on_day }})
                < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }})
                then 1
            else 0
        end
    )
{%- endmacro %}

{# "column=text" for each value that a code list does not know, separated by U+001F; NULL when it knows all.
   `checks` holds [column, text as sent, code found]. #}
{% macro unmapped(checks) -%}
    nullif(concat_ws(
        chr(31),
        {% for column, text, code in checks -%}
        case
            when {{ text }} is not null and {{ code }} is null
                then {{ dbt.concat(["'" ~ column ~ "='", text]) }}
        end{{ ',' if not loop.last }}
        {% endfor -%}
    ), '')
{%- endmacro %}

{# The next value of a week column within a key; 9999-12-31 for the last, so that ranges need no NULL. #}
{% macro until(week, key, then_by=none) -%}
    coalesce(
        lead({{ week }}) over (partition by {{ key }} order by {{ week }}{{ ', ' ~ then_by if then_by }}),
        cast('9999-12-31' as date)
    )
{%- endmacro %}

{# Y, N or XX (not known) from the age band that an age fell into. #}
{% macro child_code(age_band_code, is_child) -%}
    case when {{ age_band_code }} is null then 'XX' when {{ is_child }} then 'Y' else 'N' end
{%- endmacro %}

{# The band of each age, so that rows meet their band by equality. #}
{% macro age_bands() -%}
    select
        {{ mids.numbers('cast(band.age_from as ' ~ dbt.type_bigint() ~ ')', 'band.age_to') }} as age_years,
        band.age_band_code,
        band.is_child
    from {{ ref('ref_age_band') }} as band
    where band.age_from is not null
{%- endmacro %}

{# One row per whole number from one to another, both included; a column of its own, for Spark has it in no expression. #}
{% macro numbers(first, last) -%}
    {{ return(adapter.dispatch('numbers', 'mids')(first, last)) }}
{%- endmacro %}

{% macro duckdb__numbers(first, last) -%}
    unnest(generate_series({{ first }}, {{ last }}))
{%- endmacro %}

{% macro spark__numbers(first, last) -%}
    explode(sequence({{ first }}, {{ last }}))
{%- endmacro %}
