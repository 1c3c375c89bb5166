{# The kind of a document: as stated, else as its number looks. Twelve digits are a MyKad (or MyPR or
   MyKAS, which share the form); UNHCR files are like 123-45C67890. #}
{% macro document_type(document_no, stated) -%}
    case
        when {{ document_no }} is null then coalesce({{ stated }}, 'none')
        when {{ stated }} <> 'none' then {{ stated }}
        when {{ mids.first_match(mids.replace_all(document_no, '[^0-9A-Za-z]', ''), '^[0-9]{12}$') }} is not null
            then 'mykad'
        when {{ mids.first_match('upper(' ~ document_no ~ ')', 'UNHCR|^[0-9]{3}-?[0-9]{2}C[0-9]{5}$') }} is not null
            then 'unhcr'
        else 'passport'
    end
{%- endmacro %}
