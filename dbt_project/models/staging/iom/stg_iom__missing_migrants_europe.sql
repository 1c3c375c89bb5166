-- One row per incident and delivery, as the Missing Migrants Project recorded it on routes to Europe.
{{ mids.stage('iom__missing_migrants_europe') }}
