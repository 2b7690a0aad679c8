// Posts the next message of a launch without a click; without scripts the page shows a button.
document.getElementById("posting").submit();
