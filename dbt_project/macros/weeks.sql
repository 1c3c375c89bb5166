{# The Monday that opens the ISO week of a day. #}
{% macro week_start(expression) -%}
    cast({{ dbt.date_trunc('week', expression) }} as date)
{%- endmacro %}

{# When MIDS came to know a record: the day it received the delivery. The opening extract, in which an
   agency sends everything it had recorded before MIDS began, would pile ten years on one day; for its
   rows the Monday after the agency recorded them stands instead: the day they would have been sent. #}
{% macro known_on(received_on, began_on, recorded_on) -%}
    case
        when {{ received_on }} = {{ began_on }}
            then least(
                {{ received_on }},
                coalesce(
                    cast({{ dbt.dateadd('day', 7, mids.week_start(recorded_on)) }} as date),
                    {{ received_on }}
                )
            )
        else {{ received_on }}
    end
{%- endmacro %}
