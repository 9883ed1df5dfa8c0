# What the scripts beside this file have in common; they read it first. See README.md.
#
# curl is replaced by a function that keeps the status and the answer, so that the examples stand here as the
# documentation has them. After each stands what must come back:
#
#	answer STATUS [TEXT]...   the status, and texts that the answer holds; a TEXT that begins with ! must not be there
#
# Short forms for what users may do, and for things that an example needs to be there:
#
#	bucket NAME               makes a bucket; it is emptied and removed at the end
#	put /bucket/key TEXT      makes an object
#	user POLICIES [EXPIRY]    makes a user, whose keys are then $USER_ACCESS_KEY and $USER_SECRET_KEY; removed at the end
#	may METHOD PATH [ARG]...  the user's request succeeds; ARGs are curl's
#	denied METHOD PATH ...    it is refused with 403 AccessDenied
#	granted METHOD PATH ...   it is not refused, whatever comes of it: 404 where nothing is set, 501 where nothing is built
#	anyone METHOD PATH ...    as may, without credentials
#	noone METHOD PATH ...     as denied, without credentials
set -eu -o pipefail
: "${ENDPOINT:?the URL of the server, as http://localhost:5000}" "${ACCESS_KEY:?of an administrator}" "${SECRET_KEY:?of an administrator}"
REGION=${REGION:-us-east-1}
# What stands for -H "Authorization: AWS4-HMAC-SHA256 ..." in an example.
SIGNED=(--aws-sigv4 "aws:amz:$REGION:s3" --user "$ACCESS_KEY:$SECRET_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD")

tmp=$(mktemp -d)
body=$tmp/body headers=$tmp/headers
buckets=() users=()
failed=0 passed=0
STATUS='' REQUEST=''

curl() {
	REQUEST="curl $*"
	: >"$body" >"$headers"
	STATUS=$(command curl -sS -m 60 -o "$body" -D "$headers" -w '%{http_code}' "$@")
}

answer() {
	local want=$1 all text
	shift
	if [ "$STATUS" != "$want" ]; then
		wrong "status $STATUS, want $want"
		return 0
	fi
	{ all=$(<"$headers")$'\n'$(<"$body"); } 2>/dev/null # the shell drops zero bytes, and says so
	for text; do
		if [ "${text#!}" != "$text" ]; then
			[[ $all != *"${text#!}"* ]] || { wrong "the answer holds ${text#!}"; return 0; }
		else
			[[ ${all,,} == *"${text,,}"* ]] || { wrong "the answer does not hold $text"; return 0; }
		fi
	done
	passed=$((passed + 1))
}

# wrong tells of a failure and goes on.
wrong() {
	local i=0
	while [ "${BASH_SOURCE[i]}" = "${BASH_SOURCE[0]}" ]; do i=$((i + 1)); done # the line of the script, not of this file
	failed=$((failed + 1))
	printf '%s:%s: %s\n  %s\n' "$(basename "${BASH_SOURCE[i]}")" "${BASH_LINENO[i-1]}" "$1" "${REQUEST:0:1000}"
	{ cat "$headers"; head -c 2000 "$body"; echo; } | sed 's/^/  | /'
}

# field NAME prints a string of the last answer, which is JSON.
field() { grep -o "\"$1\": *\"[^\"]*\"" "$body" | head -n 1 | cut -d '"' -f 4 || true; }

# md5 TEXT prints what Content-MD5 is for it.
md5() { printf %s "$1" | openssl md5 -binary | base64; }

admin() { curl -X "$1" -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" "${@:3}" "$ENDPOINT$2"; }
as_user() { curl -X "$1" -H "X-Access-Key: $USER_ACCESS_KEY" -H "X-Secret-Key: $USER_SECRET_KEY" "${@:3}" "$ENDPOINT$2"; }
plain() { curl -X "$1" "${@:3}" "$ENDPOINT$2"; }

bucket() {
	admin PUT "/$1"
	answer 200
	buckets+=("$1")
}

put() {
	admin PUT "$1" --data-binary "$2"
	answer 200
}

user() {
	local expiry=null
	[ $# -lt 2 ] || expiry="\"$2\""
	admin POST /iam/users -H "Content-Type: application/json" -d "{\"policies\": $1, \"expires_at\": $expiry}"
	answer 201
	USER_ACCESS_KEY=$(field access_key) USER_SECRET_KEY=$(field secret_key)
	users+=("$(field user_id)")
}

worked() { [[ $STATUS == 2* ]] && passed=$((passed + 1)) || wrong "status $STATUS, want success"; }
may() { as_user "$@" && worked; }
anyone() { plain "$@" && worked; }
denied() { as_user "$@" && answer 403 AccessDenied; }
noone() { plain "$@" && answer 403 AccessDenied; }
granted() { as_user "$@" && if [ "$STATUS" = 403 ]; then wrong "refused"; else passed=$((passed + 1)); fi; }

# drop empties a bucket and removes it. The keys of these scripts need no escaping.
drop() {
	local key
	admin DELETE "/$1?policy"
	admin GET "/$1?list-type=2"
	[ "$STATUS" = 200 ] || return 0
	for key in $(grep -o '<Key>[^<]*</Key>' "$body" | sed 's/<[^>]*>//g'); do admin DELETE "/$1/$key"; done
	admin DELETE "/$1"
}

finish() {
	local code=$? name
	trap - EXIT
	set +e
	for name in "${buckets[@]}"; do drop "$name"; done
	for name in "${users[@]}"; do admin DELETE "/iam/users/$name"; done
	rm -rf "$tmp"
	echo "$(basename "$0"): $passed answers as documented, $failed not"
	[ "$code" = 0 ] || echo "$(basename "$0"): ended early, after: ${REQUEST:0:1000}"
	[ "$failed" = 0 ] || code=1
	exit "$code"
}
trap finish EXIT
