#!/usr/bin/env bash
# Section 19: SQL over one object.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/data.csv $'name,age,city\nAda,36,London\nBob,7,Paris\nCyd,41,"New York, NY"\n'
put /my-bucket/data.json $'{"id":1,"status":"active","who":{"name":"Ada"}}\n{"id":2,"status":"closed","who":{"name":"Bob"}}\n{"id":3,"status":"active"}\n'

# Query a CSV file
curl -X POST "$ENDPOINT/my-bucket/data.csv?select" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "Expression": "SELECT name, age FROM s3object WHERE age > 25",
    "ExpressionType": "SQL",
    "InputSerialization": {
      "CSV": {
        "FileHeaderInfo": "USE",
        "FieldDelimiter": ","
      }
    },
    "OutputSerialization": {
      "JSON": {}
    }
  }'
answer 200 $'{"name":"Ada","age":"36"}\n{"name":"Cyd","age":"41"}' '!Bob'

# Query a JSON file. (The example's quotes, \x27\"active\x27\", are those of a shell gone astray: this is what they mean.)
curl -X POST "$ENDPOINT/my-bucket/data.json?select" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "Expression": "SELECT * FROM s3object s WHERE s.status = '"'active'"'",
    "ExpressionType": "SQL",
    "InputSerialization": {"JSON": {"Type": "LINES"}},
    "OutputSerialization": {"JSON": {}}
  }'
answer 200 $'{"id":1,"status":"active","who":{"name":"Ada"}}\n{"id":3,"status":"active"}' '!closed'
# Copied as it is printed, the shell makes a document of it that is no JSON.
curl -X POST "$ENDPOINT/my-bucket/data.json?select" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "Expression": "SELECT * FROM s3object s WHERE s.status = '\"active'\"",
    "ExpressionType": "SQL",
    "InputSerialization": {"JSON": {"Type": "LINES"}},
    "OutputSerialization": {"JSON": {}}
  }'
answer 400 '<Error>'

# ask KEY EXPRESSION INPUT OUTPUT
ask() {
	local what=${2//\"/\\\"}
	admin POST "/my-bucket/$1?select" -H "Content-Type: application/json" \
		-d "{\"Expression\": \"$what\", \"ExpressionType\": \"SQL\", \"InputSerialization\": $3, \"OutputSerialization\": $4}"
}
csv='{"CSV": {"FileHeaderInfo": "USE"}}' lines='{"JSON": {"Type": "LINES"}}'

# Output as CSV.
ask data.csv "SELECT city, name FROM s3object WHERE age > 25" "$csv" '{"CSV": {}}'
answer 200 $'London,Ada\n"New York, NY",Cyd' 'Content-Type: text/csv' '!Bob'
ask data.csv "SELECT name, age FROM s3object" "$csv" '{"CSV": {"FieldDelimiter": ";", "QuoteFields": "ALWAYS"}}'
answer 200 '"Ada";"36"' '"Bob";"7"'
ask data.json "SELECT s.id, s.who.name FROM s3object s WHERE s.who.name IS NOT NULL" "$lines" '{"CSV": {}}'
answer 200 $'1,Ada\n2,Bob'

# The options of CSV: without a header, one that is ignored, other delimiters.
ask data.csv "SELECT s._1 FROM s3object s" '{"CSV": {"FileHeaderInfo": "NONE"}}' '{"CSV": {}}'
answer 200 $'name\nAda\nBob'
ask data.csv "SELECT s._2 FROM s3object s LIMIT 1" '{"CSV": {"FileHeaderInfo": "IGNORE"}}' '{"CSV": {}}'
answer 200 36 '!age'
put /my-bucket/other.csv "name|note;Ada|'a;b';Bob|c;"
ask other.csv "SELECT name, note FROM s3object" '{"CSV": {"FileHeaderInfo": "USE", "FieldDelimiter": "|", "RecordDelimiter": ";", "QuoteCharacter": "'"'"'"}}' '{"JSON": {}}'
answer 200 '{"name":"Ada","note":"a;b"}' '{"name":"Bob","note":"c"}'

# One document, and what is in it.
put /my-bucket/document.json '{"orders": [{"id": 1, "total": 10.5}, {"id": 2, "total": 4}]}'
ask document.json "SELECT SUM(o.total) AS sum, COUNT(*) AS n FROM s3object[*].orders[*] o" '{"JSON": {"Type": "DOCUMENT"}}' '{"JSON": {}}'
answer 200 '"sum":14.5' '"n":2'

# What is wrong is said, and what the object's text holds is never a statement.
ask data.csv "SELECT FROM" "$csv" '{"JSON": {}}'
answer 400 '<Error>'
ask data.csv "SELECT * FROM s3object; DROP TABLE s3object" "$csv" '{"JSON": {}}'
answer 400 '<Error>'
ask data.csv "SELECT * FROM read_text('/etc/passwd')" "$csv" '{"JSON": {}}'
answer 400 '<Error>' '!root:'
ask data.csv "SELECT * FROM s3object" '{"XML": {}}' '{"JSON": {}}'
answer 400 '<Error>'
ask none.csv "SELECT * FROM s3object" "$csv" '{"JSON": {}}'
answer 404 NoSuchKey

# The right to read is what it takes.
user '[{"bucket": "my-bucket", "actions": ["list", "write"]}]'
denied POST '/my-bucket/data.csv?select' -H "Content-Type: application/json" -d '{}'
