{# A case number in the one form under which agencies' different ways of writing it meet. #}
{% macro case_no_norm(expression) -%}
    {{ mids.plain_text(expression) }}
{%- endmacro %}
