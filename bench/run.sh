#!/usr/bin/env bash
# Measures bin/xianfeng on the standard work: one 720p25 H.264 + Opus stream of 2 Mbit/s in, many viewers
# out. With MEDIAMTX=/path/to/mediamtx it measures that one too, in the same minutes. Two cores: the
# server runs on core 0, the load on core 1. As root it also steers loopback's receive work to core 1
# (RPS), so that a server is charged for sending only, as with a network card.
#
#   bench/run.sh [PROTOCOL:VIEWERS ...]      default: whep:100 rtsp-tcp:100 rtsp-udp:50 hls:50 hls:100
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows=("$@")
((${#rows[@]})) || rows=(whep:100 rtsp-tcp:100 rtsp-udp:50 hls:50 hls:100)
seconds=${SECONDS_MEASURED:-10}

work=$(mktemp -d)
children=()
finish() {
  ((${#children[@]})) && kill "${children[@]}" 2>/dev/null
  wait
  rm -rf "$work"
}
trap finish EXIT

go build -o "$work/fanout" ./bench/fanout
ffmpeg -hide_banner -loglevel error -y -f lavfi -i testsrc2=size=1280x720:rate=25 -t 20 -c:v libx264 \
  -preset veryfast -profile:v baseline -pix_fmt yuv420p -b:v 2000k -maxrate 2000k -bufsize 2000k -g 50 \
  -keyint_min 50 -sc_threshold 0 -x264-params nal-hrd=cbr:force-cfr=1:slices=1 "$work/bars.h264"
if [[ -w /sys/class/net/lo/queues/rx-0/rps_cpus ]]; then echo 2 >/sys/class/net/lo/queues/rx-0/rps_cpus; fi

# measure NAME PID PUBLISH WHEP RTSP HLS
measure() {
  local name=$1 pid=$2 publish=$3 publisher
  declare -A from=([whep]=$4 [rtsp-tcp]=$5 [rtsp-udp]=$5 [hls]=$6)
  taskset -c 1 "$work/fanout" publish -url "$publish" -h264 "$work/bars.h264" -for 30m &
  publisher=$!
  children+=("$publisher")
  sleep 4
  for row in "${rows[@]}"; do
    taskset -c 1 "$work/fanout" read -proto "${row%:*}" -url "${from[${row%:*}]}" -n "${row#*:}" -for "${seconds}s" -pid "$pid" -row "$name"
    sleep 3
  done
  kill "$publisher" "$pid"
  wait "$publisher" "$pid" 2>/dev/null || true
  children=()
}

echo "$(nproc) cores, $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r), $(date -u +%F), ${seconds} s a row"
echo
echo "| server | protocol | viewers | Mbit/s | cpu-s per Gbit | lost | p50 ms | p99 ms | KiB per viewer | starved % |"
echo "|---|---|---|---|---|---|---|---|---|---|"

cat >"$work/config.yml" <<'YAML'
http: {address: "127.0.0.1:18080"}
rtsp: {address: "127.0.0.1:18554", rtp: "127.0.0.1:18000", rtcp: "127.0.0.1:18001"}
rtmp: {address: "off"}
srt: {address: "off"}
webrtc: {address: "127.0.0.1:18189"}
metrics: {address: "off"}
log: {level: error}
YAML
taskset -c 0 bin/xianfeng serve --open --config "$work/config.yml" --data "$work/data" >"$work/xianfeng.log" 2>&1 &
server=$!
children+=("$server")
sleep 2
measure xianfeng "$server" rtsp://127.0.0.1:18554/live/bars http://127.0.0.1:18080/live/bars/whep \
  rtsp://127.0.0.1:18554/live/bars http://127.0.0.1:18080/live/bars/index.m3u8

if [[ -n ${MEDIAMTX:-} ]]; then
  printf 'rtmp: no\nsrt: no\npaths: {all_others: {}}\n' >"$work/mediamtx.yml"
  env -C "$work" taskset -c 0 "$(realpath "$MEDIAMTX")" "$work/mediamtx.yml" >"$work/mediamtx.log" 2>&1 &
  server=$!
  children+=("$server")
  sleep 2
  measure mediamtx "$server" rtsp://127.0.0.1:8554/bars http://127.0.0.1:8889/bars/whep \
    rtsp://127.0.0.1:8554/bars http://127.0.0.1:8888/bars/index.m3u8
fi
