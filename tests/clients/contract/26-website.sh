#!/usr/bin/env bash
# Section 26: a bucket as a website, and the domains that lead to it.
# Settings: WEBSITE_HOSTING_ENABLED=true
. "$(dirname "$0")/lib.sh"
bucket my-site
put /my-site/index.html '<h1>home</h1>'
put /my-site/404.html '<h1>nothing here</h1>'
put /my-site/about/index.html '<h1>about</h1>'
admin PUT /my-site/style.css -H "Content-Type: text/css" -d 'h1 { color: green }'
answer 200
admin GET '/my-site?website'
answer 404 NoSuchWebsiteConfiguration

# Step 1: Configure the bucket website settings (before version 8.3 curl signs ?website wrongly without the =)
curl -X PUT "$ENDPOINT/my-site?website=" \
  "${SIGNED[@]}" \
  -d '<?xml version="1.0" encoding="UTF-8"?>
<WebsiteConfiguration>
  <IndexDocument><Suffix>index.html</Suffix></IndexDocument>
  <ErrorDocument><Key>404.html</Key></ErrorDocument>
</WebsiteConfiguration>'
answer 200
admin GET '/my-site?website'
answer 200 '<WebsiteConfiguration' '<IndexDocument><Suffix>index.html</Suffix></IndexDocument>' '<ErrorDocument><Key>404.html</Key></ErrorDocument>'

# Step 2: Map a domain to the bucket (what changes the administration has to have its body signed)
curl -X POST "$ENDPOINT/admin/website-domains" \
  --aws-sigv4 "aws:amz:$REGION:s3" --user "$ACCESS_KEY:$SECRET_KEY" \
  -H "Content-Type: application/json" \
  -d '{"domain": "example.com", "bucket": "my-site"}'
answer 201 '"domain":"example.com"' '"bucket":"my-site"'

# Step 3: requests with that Host, the port of which does not count
visit() { curl "$ENDPOINT$1" -H "Host: ${2:-example.com}" "${@:3}"; }
visit /
answer 200 '<h1>home</h1>'
visit / example.com:8080
answer 200 '<h1>home</h1>'
visit / EXAMPLE.com
answer 200 '<h1>home</h1>'
visit /style.css
answer 200 'color: green' 'Content-Type: text/css'
visit /about/
answer 200 '<h1>about</h1>'
visit /about
answer 200 '<h1>about</h1>'
visit '/index.html?uploads'
answer 200 '<h1>home</h1>'
visit /missing
answer 404 '<h1>nothing here</h1>'
visit / example.com --head
answer 200 '!<h1>'
visit /style.css example.com -H "Range: bytes=0-1"
answer 206 h1 'Content-Range: bytes 0-1/'
# Nothing but the website is under the domain, whoever asks.
visit '/?list-type=2'
answer 200 '<h1>home</h1>' '!<Key>'
visit /admin/website-domains example.com "${SIGNED[@]}"
answer 404 '<h1>nothing here</h1>'
visit /new.html example.com -X PUT -d x -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 405 '!AccessDenied'
admin GET /my-site/new.html
answer 404 NoSuchKey
# A domain that is not mapped leads to the API.
visit / example.org
answer 403 AccessDenied
noone GET /my-site/index.html

# Domain mapping admin API
json=(-H "Content-Type: application/json")
admin GET /admin/website-domains
answer 200 '"example.com"' '"my-site"'
admin GET /admin/website-domains/example.com
answer 200 '"domain":"example.com"' '"bucket":"my-site"'
admin POST /admin/website-domains "${json[@]}" -d '{"domain": "example.com", "bucket": "my-site"}'
answer 409
admin POST /admin/website-domains "${json[@]}" -d '{"domain": "example.net", "bucket": "no-such-bucket"}'
answer 404
for wrong in '{"domain": "", "bucket": "my-site"}' '{"domain": "a b", "bucket": "my-site"}' '{"domain": "10.0.0.1", "bucket": "my-site"}' '{"bucket": "my-site"}' 'x'; do
	admin POST /admin/website-domains "${json[@]}" -d "$wrong"
	answer 400
done
bucket my-other-site
put /my-other-site/index.html '<h1>other</h1>'
admin PUT '/my-other-site?website' -H "Content-Type: application/json" -d '{"IndexDocument": {"Suffix": "index.html"}}'
answer 200
admin PUT /admin/website-domains/example.com "${json[@]}" -d '{"bucket": "my-other-site"}'
answer 200 '"my-other-site"'
visit /
answer 200 '<h1>other</h1>'
visit /missing
answer 404 '!nothing here'
admin PUT /admin/website-domains/example.net "${json[@]}" -d '{"bucket": "my-site"}'
answer 404
user '[{"bucket": "*", "actions": ["*"]}]'
denied GET /admin/website-domains
denied POST /admin/website-domains "${json[@]}" -d '{"domain": "example.net", "bucket": "my-site"}'
denied DELETE /admin/website-domains/example.com

# Without a configuration there is no website.
admin DELETE '/my-other-site?website'
answer 204
visit /
answer 404 '!<h1>other'
admin DELETE /admin/website-domains/example.com
answer 204
admin GET /admin/website-domains/example.com
answer 404
visit /
answer 403 AccessDenied

# IndexDocument is required, and its suffix has no slash.
site() { admin PUT '/my-site?website' -d "<WebsiteConfiguration>$1</WebsiteConfiguration>"; }
site '<ErrorDocument><Key>404.html</Key></ErrorDocument>'
answer 400
site '<IndexDocument><Suffix>a/index.html</Suffix></IndexDocument>'
answer 400
site '<IndexDocument><Suffix></Suffix></IndexDocument>'
answer 400
admin DELETE '/my-site?website'
answer 204
