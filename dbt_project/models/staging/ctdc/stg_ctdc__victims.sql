-- One row per identified victim and delivery, as the Counter-Trafficking Data Collaborative published it.
{{ mids.stage('ctdc__victims') }}
