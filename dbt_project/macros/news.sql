{# Building only what is new touches. What a run builds is decided before dbt starts (mids_orchestration/news.py) and
   written to the schema `news`: whether only the news, and which records they tell of. Without that, and whenever dbt
   is called by hand, everything is built and none of this shows in the SQL.

   A model that is brought up to date has the materialisation that brought_up_to_date() names, a `unique_key`, and
   reads its large inputs through told() or touched(): then its query gives the rows of what was touched, and they take
   the place of those it gave before. cnf_touched and lnk_touched say what is touched; the set of the latter is closed:
   nothing outside it shares a case number, person, raid or file with anything inside. So the rows of the touched
   follow from the touched alone. #}
{% macro only_news() -%}
    {%- if not execute or target.type != 'duckdb' or flags.WHICH not in ('build', 'run') -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if adapter.get_relation(target.database, 'news', 'build') is none -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(run_query('select count(*) from news.build where only_news').columns[0].values()[0] > 0) }}
{%- endmacro %}

{# dbt asks this of models and seeds: is the table made anew? #}
{% macro should_full_refresh() %}
    {%- if config.get('full_refresh') is not none -%}
        {{ return(config.get('full_refresh')) }}
    {%- endif -%}
    {{ return(flags.FULL_REFRESH or not mids.only_news()) }}
{% endmacro %}

{# The rows of a staging model; of news, those of all records that belong together with what is new. #}
{% macro told(model) -%}
{%- set relation = ref(model) -%}
{%- if not execute and this.identifier != 'cnf_touched' %}{% do ref('cnf_touched') %}{% endif -%}
{%- if mids.only_news() -%}
({{ mids.stage(model[4:], only_news=true) }})
{%- else -%}
{{ relation }}
{%- endif -%}
{%- endmacro %}

{# What belongs together with a landed record: the first column of its key. #}
{% macro told_key(declaration) -%}
    {%- set keys = [] -%}
    {%- for column in declaration.columns.values() if column.config.meta.get('key') -%}
        {%- do keys.append('record.' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    coalesce(trim({{ keys[0] }}), '')
{%- endmacro %}

{# The rows of a conformed or linked model or a mart that were touched, `key` being one of the columns of lnk_touched. #}
{% macro touched(model, key, by='lnk_touched') -%}
{%- set relation = ref(model) -%}
{%- if not execute %}{% do ref(by) %}{% endif -%}
{%- if mids.only_news() -%}
(select * from {{ relation }} where {{ key }} in (select touched_key from {{ ref(by) }}))
{%- else -%}
{{ relation }}
{%- endif -%}
{%- endmacro %}

{# A table of the last build by name: one that reads this model, so that it cannot be referred to. #}
{% macro last_build(schema, table) -%}
    {{ schema }}.{{ table }}
{%- endmacro %}

{# The rows that were touched make way for the ones that the query gives for them. #}
{% macro get_incremental_touched_sql(arguments) -%}
    {%- set target_relation, made = arguments.target_relation, arguments.temp_relation -%}
    {%- set key = arguments.unique_key -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- set touched = 'conformed.cnf_touched' if target_relation.schema == 'conformed' else 'linked.lnk_touched' -%}
    delete from {{ target_relation }}
    where {{ key }} in (select touched_key from {{ touched }} union all select {{ key }} from {{ made }});
    insert into {{ target_relation }} ({{ columns }}) select {{ columns }} from {{ made }};
{%- endmacro %}

{# The materialisation of a model that is brought up to date; on Spark everything is always built anew. #}
{% macro brought_up_to_date() -%}
    {{ return('incremental' if target.type == 'duckdb' else 'table') }}
{%- endmacro %}
