# Waits until something listens at each address: `host:port`, of several with commas any one.
for addresses in "$@"; do
  echo "waiting for $addresses"
  until
    found=
    for address in $(echo "$addresses" | tr , ' '); do
      nc -w 2 "${address%:*}" "${address##*:}" -e true 2>/dev/null && found=$address && break
    done
    [ -n "$found" ]
  do sleep 1; done
  echo "found $found"
done
