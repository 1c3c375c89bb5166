{# Keys whose weights do not sum to one: a bridge that loses or repeats what it spreads. #}
{% test weights_sum_to_one(model, column) %}
select
    {{ column }},
    sum(weight) as weights
from {{ model }}
group by {{ column }}
having abs(sum(weight) - 1) > 0.000001
{% endtest %}
