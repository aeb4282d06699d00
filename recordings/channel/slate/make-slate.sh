#!/bin/sh
# Makes slate.mp4, the picture that a channel shows where nothing is planned: one key frame and 261 pictures that change
# nothing. Wants ffmpeg with libx264, and Debian's fonts-noto-cjk.
set -eu
font=/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc
cd "$(dirname "$0")"
ffmpeg -v error -y -f lavfi -i color=c=0x1a1110:size=1280x720:rate=25 \
  -vf "drawbox=x=0:y=0:w=iw:h=12:color=0xB3121B:t=fill,drawtext=fontfile=$font:text='节目稍后继续':fontsize=88:fontcolor=white:x=(w-tw)/2:y=(h-th)/2-40,drawtext=fontfile=$font:text='Back shortly':fontsize=44:fontcolor=0xd8cfcd:x=(w-tw)/2:y=(h-th)/2+70" \
  -frames:v 262 -c:v libx264 -preset veryslow -tune stillimage -profile:v main -bf 0 -g 300 -keyint_min 300 -sc_threshold 0 -crf 26 \
  -pix_fmt yuv420p -x264-params threads=1:weightp=0:scenecut=0:info=0 -map_metadata -1 -fflags +bitexact slate.mp4
