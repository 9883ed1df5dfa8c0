#!/usr/bin/env bash
# Section 24: cross-origin rules, and what browsers are told.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello

# Set CORS configuration
curl -X PUT "$ENDPOINT/my-bucket?cors" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "CORSRules": [
      {
        "AllowedOrigins": ["https://example.com", "https://app.example.com"],
        "AllowedMethods": ["GET", "PUT", "POST", "DELETE"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "x-amz-meta-*"],
        "MaxAgeSeconds": 3600
      }
    ]
  }'
answer 200

# Get CORS configuration
curl "$ENDPOINT/my-bucket?cors" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '<AllowedOrigin>https://example.com</AllowedOrigin>' '<AllowedMethod>PUT</AllowedMethod>' '<MaxAgeSeconds>3600</MaxAgeSeconds>'
curl "$ENDPOINT/my-bucket?cors" \
  -H "Accept: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '"CORSRules"' '"https://app.example.com"'

# preflight ORIGIN METHOD [HEADERS]
preflight() { curl -X OPTIONS "$ENDPOINT/my-bucket/file.txt" -H "Origin: $1" -H "Access-Control-Request-Method: $2" ${3:+-H "Access-Control-Request-Headers: $3"}; }
preflight https://example.com PUT content-type,x-amz-date
answer 200 'Access-Control-Allow-Origin: https://example.com' 'Access-Control-Allow-Methods: ' PUT 'Access-Control-Allow-Headers: content-type, x-amz-date' 'Access-Control-Max-Age: 3600' Vary
preflight https://app.example.com DELETE
answer 200 'Access-Control-Allow-Origin: https://app.example.com'
preflight https://evil.example PUT
answer 403 '!Access-Control-Allow-Origin'
preflight https://example.com HEAD
answer 403 '!Access-Control-Allow-Origin'
admin GET /my-bucket/file.txt -H "Origin: https://example.com"
answer 200 hello 'Access-Control-Allow-Origin: https://example.com' 'Access-Control-Expose-Headers: ' ETag
admin GET /my-bucket/file.txt -H "Origin: https://evil.example"
answer 200 hello '!Access-Control-Allow-Origin'
curl "$ENDPOINT/my-bucket/file.txt" -H "Origin: https://example.com" # the page may see why it was refused
answer 403 AccessDenied 'Access-Control-Allow-Origin: https://example.com'

# Delete CORS configuration
curl -X DELETE "$ENDPOINT/my-bucket?cors" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 204
admin GET '/my-bucket?cors'
answer 404 NoSuchCORSConfiguration
# Then the settings CORS_ of the server hold: by default every origin, and never with credentials.
preflight https://anywhere.example PUT
answer 200 'Access-Control-Allow-Origin: *' '!Access-Control-Allow-Credentials'
