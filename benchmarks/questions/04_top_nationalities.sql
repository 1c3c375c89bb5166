-- The ten nationalities most found as victims, with children.
select country_name_en, count(*) as persons, count(*) filter (where is_child_code = 'Y') as children
from fct_person_in_case join dim_nationality using (nationality_code)
where is_counted group by country_name_en order by persons desc, country_name_en limit 10
