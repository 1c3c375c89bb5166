-- One row per year, crime type, child or adult, and sex: counted victims, migrants and missing persons.
{{ mids.victim_counts(['is_child_code', 'sex_code']) }}
