// What the publish page says while it works. Both languages have the same keys: tsc fails on a missing one.

const zh = {
  insecure: "浏览器只允许在 https:// 或本机地址上使用摄像头和麦克风。请换用 https 地址，或按下面的设置用 OBS 等软件开播。",
  before: "点下面的按钮，浏览器会询问能否使用摄像头和麦克风，请选“允许”。",
  beforeScreen: "点下面的按钮，选择要播的屏幕或窗口。要带上电脑的声音，请勾选“共享音频”。",
  opening: "正在打开设备……",
  denied: "浏览器没有得到使用许可。请点地址栏旁的图标，允许使用摄像头和麦克风，再试一次。",
  missing: "没有找到所选的设备。请接好摄像头或麦克风，再试一次。",
  busy: "设备正被其他程序占用。请关掉其他程序，再试一次。",
  failed: "设备打不开：",
  openCamera: "打开摄像头和麦克风",
  openMic: "打开麦克风",
  openScreen: "选择屏幕",
  soundOnly: "只播声音",
  ready: "准备好了，还没有开播",
  silent: "准备好了。注意：没有声音",
  connecting: "正在接通……",
  live: "正在直播，观众可以看到您",
  again: "连接断开，正在重新接通……",
  taken: "这个直播间正有人开播，稍后自动再试……",
  key: "推流密钥不对或没有填写，请核对后再开播",
  refused: "服务器不接受：",
  ended: "直播已结束",
  deviceGone: "设备已断开，直播已结束",
  screenGone: "屏幕共享已停止，直播已结束",
  rate: "码率",
  rtt: "往返时间",
  picture: "画面",
  viewers: "观看人数",
  slowNetwork: "上行网络较慢，画质已自动降低",
  slowDevice: "本机较慢，画质已自动降低",
  camera: "摄像头",
  microphone: "麦克风",
};

/** @type {typeof zh} */
const en = {
  insecure: "Browsers allow camera and microphone on https:// or on this machine only. Use an https address, or OBS or a similar program with the settings below.",
  before: "Press the button below. The browser asks whether it may use the camera and the microphone: choose “Allow”.",
  beforeScreen: "Press the button below and choose a screen or window. Tick “Share audio” to send the computer’s sound.",
  opening: "Opening the devices…",
  denied: "The browser was not allowed to. Press the icon beside the address, allow camera and microphone, and try again.",
  missing: "The chosen device was not found. Connect a camera or microphone and try again.",
  busy: "Another program is using the device. Close it and try again.",
  failed: "The device can’t be opened: ",
  openCamera: "Open camera and microphone",
  openMic: "Open the microphone",
  openScreen: "Choose a screen",
  soundOnly: "Sound only",
  ready: "Ready, not on air yet",
  silent: "Ready. Mind that there is no sound",
  connecting: "Connecting…",
  live: "On air: people can see you",
  again: "Connection lost; connecting again…",
  taken: "Somebody else is on air here; trying again…",
  key: "The stream key is wrong or missing. Please check it and try again",
  refused: "The server does not accept this: ",
  ended: "The broadcast has ended",
  deviceGone: "The device is gone; the broadcast has ended",
  screenGone: "Screen sharing stopped; the broadcast has ended",
  rate: "Bit rate",
  rtt: "Round trip",
  picture: "Picture",
  viewers: "Viewers",
  slowNetwork: "The uplink is slow; the picture was reduced",
  slowDevice: "This device is slow; the picture was reduced",
  camera: "Camera",
  microphone: "Microphone",
};

/** @typedef {typeof zh} Words */

/** @param {string} lang @returns {Words} */
export const wordsFor = (lang) => (/^en\b/i.test(lang) ? en : zh);

export { en, zh };
