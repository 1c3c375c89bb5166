-- Means of control reported of victims of labour exploitation.
select control_method_code, round(sum(control.weight * form.weight), 1) as persons
from bridge_victim_control_method as control
join bridge_victim_exploitation as form using (person_key)
join dim_exploitation using (exploitation_code)
where exploitation_group_code = 'LABOUR' group by all order by persons desc, control_method_code
