-- One row per incident and delivery, as the Missing Migrants Project exported it.
{{ mids.stage('iom__missing_migrants_export') }}
