#!/bin/sh
# Fetches the real DynamoDB engine (DynamoDB Local), which the integration tests run against, into
# the folder that is named: sh fetch_engine.sh DIR
#
# The engine comes from a public npm package that carries it. Its licence forbids passing it on: keep
# DIR out of version control.
set -eu

PACKAGE=amplify-dynamodb-simulator@2.9.30
SHA512=xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==

fail() {
	echo "fetch_engine: $1" >&2
	exit 1
}

[ $# -eq 1 ] && [ -n "$1" ] || fail "usage: sh fetch_engine.sh DIR"
target=${1%/}
if [ -f "$target/DynamoDBLocal.jar" ]; then
	echo "fetch_engine: $target is there already" >&2
	exit 0
fi
if [ -e "$target" ]; then
	rmdir "$target" 2>/dev/null || fail "$target exists and holds no engine; remove it first"
fi
for tool in npm openssl tar; do
	command -v "$tool" >/dev/null || fail "$tool is not installed"
done

parent=$(dirname "$target")
mkdir -p "$parent"
# Beside the target, so that the last step is a rename: the engine is there whole or not at all.
work=$(mktemp -d "$parent/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

echo "fetch_engine: fetching $PACKAGE (56 MB)" >&2
npm pack "$PACKAGE" --pack-destination "$work" --loglevel=error --no-update-notifier >/dev/null ||
	fail "npm could not fetch $PACKAGE"
set -- "$work"/*.tgz
[ -f "$1" ] || fail "npm left no package behind"
found=$(openssl dgst -sha512 -binary "$1" | openssl base64 -A)
[ "$found" = "$SHA512" ] || fail "$PACKAGE has SHA-512 $found, expected $SHA512"
tar -xzf "$1" -C "$work" package/emulator || fail "$PACKAGE could not be unpacked"
[ -f "$work/package/emulator/DynamoDBLocal.jar" ] && [ -d "$work/package/emulator/DynamoDBLocal_lib" ] ||
	fail "$PACKAGE holds no DynamoDBLocal.jar and DynamoDBLocal_lib"
mv "$work/package/emulator" "$target"
