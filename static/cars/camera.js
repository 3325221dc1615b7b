// A photo from the camera of a machine without a touch screen; phones
// open their own camera, as the input with `capture` asks them to.

/**
 * Let the visitor take a photo, and call choose(file) with
 * it, or refuse(sentence) where there is no camera to use. Gives a function that puts the camera away.
 */
export function photographing($at, choose, refuse) {
  const $finder = $at(".viewfinder"),
    video = $finder.find("video")[0];
  const show = (shown) => {
    $finder.prop("hidden", !shown);
    $at(".drop").prop("hidden", shown);
  };
  const stop = () => {
    if (!video.srcObject) return;
    video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    show(false);
  };
  const putAway = () => {
    stop();
    $at(".camera").trigger("focus");
  };
  const left = () => $finder.parent().is(":hidden");
  $(window).on("hashchange", () => left() && stop()); // no camera runs where nobody sees it
  $at(".camera").on("click", async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
      if (left()) return stop();
      show(true);
      await video.play();
      $at(".shoot").trigger("focus");
    } catch {
      putAway();
      refuse("This page cannot use a camera. Allow it in the browser, or choose a photo instead.");
    }
  });
  $at(".put-away").on("click", putAway);
  $at(".shoot").on("click", () => {
    const canvas = $("<canvas>").prop({ width: video.videoWidth, height: video.videoHeight })[0];
    canvas.getContext("2d").drawImage(video, 0, 0);
    putAway();
    canvas.toBlob(
      (blob) => choose(new File([blob], "photo.jpg", { type: "image/jpeg" })),
      "image/jpeg",
      0.95,
    );
  });
  return stop;
}
