-- One row per interim protection order and delivery, as the Welfare Department sent it.
{{ mids.stage('jkm__protection_orders') }}
