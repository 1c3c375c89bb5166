{# Schemas are the layers' names, the same in every environment: a release and a test build differ by file. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
