-- One row per stay in a place of refuge and delivery, as the Welfare Department sent it.
{{ mids.stage('jkm__shelter_stays') }}
