#!/usr/bin/env bash
# Section 26, enabling: without WEBSITE_HOSTING_ENABLED everything about websites answers 400, and no domain leads to one.
. "$(dirname "$0")/lib.sh"
bucket my-site
put /my-site/index.html '<h1>home</h1>'
for method in GET DELETE; do
	admin $method '/my-site?website'
	answer 400 WEBSITE_HOSTING_ENABLED
done
admin PUT '/my-site?website' -d '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>'
answer 400 WEBSITE_HOSTING_ENABLED
admin GET /admin/website-domains
answer 400 WEBSITE_HOSTING_ENABLED
admin POST /admin/website-domains -H "Content-Type: application/json" -d '{"domain": "example.com", "bucket": "my-site"}'
answer 400 WEBSITE_HOSTING_ENABLED
for method in GET PUT DELETE; do
	admin $method /admin/website-domains/example.com
	answer 400 WEBSITE_HOSTING_ENABLED
done
curl "$ENDPOINT/" -H "Host: example.com"
answer 403 AccessDenied
