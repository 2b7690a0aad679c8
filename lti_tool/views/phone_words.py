"""What the phone app says. Its scripts ask for a message by its English words, and find it in the catalogues of the page.

A test holds this list to what the scripts say.
"""

from __future__ import annotations

from typing import Final

from lti_tool.lti.errors import translatable

NAME: Final = translatable("Observed practice")
NEEDS_SCRIPT: Final = translatable(
    "This page keeps observations on your phone, which takes JavaScript. "
    "Allow it for this site, or open the link in another browser."
)

MESSAGES: Final = (
    translatable("1 point"),
    translatable("A new version is ready."),
    translatable("A phone that runs out of room may clear what waits to be sent. Ask it not to."),
    translatable("Add to the home screen"),
    translatable("All groups"),
    translatable("All sent at {time}"),
    translatable("Back"),
    translatable("begun"),
    translatable("Begun, not finished"),
    translatable("Change the first one"),
    translatable("Choose what you observe, then whom."),
    translatable("Clear"),
    translatable("Clear the level of: {row}"),
    translatable("Close"),
    translatable("Comment"),
    translatable("Comment on: {row}"),
    translatable("Correct"),
    translatable("Correct the first one"),
    translatable("corrected since"),
    translatable("Done"),
    translatable("done on another phone"),
    translatable("done {time}"),
    translatable("Each of them gets this observation."),
    translatable(
        "Everything was sent, and nothing is left on this phone. If you are to go on observing, ask for a new link."
    ),
    translatable("Everything was sent. Nothing is lost."),
    translatable("Fewer points"),
    translatable("Forget"),
    translatable("Forget this phone"),
    translatable("Forget this phone?"),
    translatable("From your other phones ({count})"),
    translatable("From {low} to {high} points."),
    translatable("Getting this phone ready …"),
    translatable("Go back"),
    translatable("Go on here"),
    translatable("Got it"),
    translatable("Group"),
    translatable("In a row, 1 to 9 choose its level and go on to the next row; the arrows change the level."),
    translatable("It is on its way already. Open it again and choose “Correct”."),
    translatable("It is sent by itself as soon as there is a network."),
    translatable("Keep this page open for a moment: it is not ready for working without a network yet."),
    translatable("Keyboard"),
    translatable("Language"),
    translatable("Leave rows open?"),
    translatable("Link of your invitation"),
    translatable("Locked levels are above what you may judge here."),
    translatable("More points"),
    translatable("My observations"),
    translatable("Need a person"),
    translatable("Need a person: {count}"),
    translatable("next person"),
    translatable("No network yet"),
    translatable("No room left on this phone · waiting: {count}"),
    translatable("No row has a level yet. Choose one first."),
    translatable("Nobody of that name is in the list. The list is what the phone fetched last."),
    translatable("Not sent or not finished: {count}. They are in the file that you saved, and nowhere else."),
    translatable("Not sent or not finished: {count}. They would be lost."),
    translatable("Not sent or not finished: {count}. They would be lost; save them as a file first."),
    translatable(
        "Not sent: {captures}. Not finished: {drafts}. Save them as a file and give it to who invited you; then this "
        "phone can forget them."
    ),
    translatable("not taken"),
    translatable("Not taken, still on this phone: {count}"),
    translatable("Nothing finished yet"),
    translatable(
        "Nothing is there to be observed yet. The teacher chooses it in the course; it appears here by itself."
    ),
    translatable("Observe together"),
    translatable("Offline · nothing waits"),
    translatable("Offline · waiting: {count}"),
    translatable("On the whole"),
    translatable("One at a time"),
    translatable("Only one tab works at a time, so that nothing is written over. What you did there is kept."),
    translatable("Open"),
    translatable("Open in another tab"),
    translatable("Open your invitation"),
    translatable("Photo {number}"),
    translatable("Photos"),
    translatable("Photos that are still here: {count}"),
    translatable("Points"),
    translatable("Protect my observations"),
    translatable("Ready. This works without a network."),
    translatable("recorded"),
    translatable("Remove"),
    translatable("Rows: {count}"),
    translatable("Save anyway"),
    translatable("Save as a file"),
    translatable("Saved as a file. Give it to who invited you."),
    translatable("Saved for {names}."),
    translatable("Search a name"),
    translatable("Send now"),
    translatable("Sending …"),
    translatable("Sent"),
    translatable("Several together"),
    translatable("Shorter descriptions"),
    translatable("Show the work, not people’s faces. Place and time are taken out of a photo before it is kept."),
    translatable("somebody who left"),
    translatable("Take a photo"),
    translatable("Take back"),
    translatable(
        "Takes the names, the observations and the key from this phone. What the server has stays there. To observe "
        "again you need a new link."
    ),
    translatable("Tap a level in each row, and press “Done”."),
    translatable("Teams"),
    translatable(
        "The browser cleared what this page had kept. What was sent is safe. Open the link that you were sent once "
        "more, or paste it here."
    ),
    translatable("The browser did not promise it. Send as soon as there is a network."),
    translatable("The browser keeps your observations until they are sent."),
    translatable("the course decides"),
    translatable("The first time, this phone fetches the course. Connect it once; afterwards it works without."),
    translatable("The names, the tasks and the rubrics are fetched, so that you can work without a network."),
    translatable(
        "The server could not take it. It stays on this phone: save it as a file and give it to who invited you."
    ),
    translatable("The server did not answer as it should"),
    translatable("The server does not answer · waiting: {count}"),
    translatable(
        "The server does not know this phone any more: staff of the course took it off, or its cookies were cleared."
    ),
    translatable("The server has it. Staff of the course look at it before it counts."),
    translatable("The server knows another key of this phone, so it cannot take what is here."),
    translatable("The server takes no more from this phone."),
    translatable("These rows have no level:"),
    translatable("They count as not observed, not as failed."),
    translatable(
        "This browser keeps nothing for this page, so observations would be lost. Leave the private window, or allow "
        "the site to keep data."
    ),
    translatable("This could not be kept on the phone. Try again."),
    translatable("This invitation has ended"),
    translatable("This is no invitation. Copy the whole link from the message."),
    translatable("This link is not good any more, or there is no network. Ask who invited you for a new one."),
    translatable("This page went wrong"),
    translatable("This phone"),
    translatable("This phone cannot read that file as a photo. Take a new one, or choose a JPEG."),
    translatable("This phone has no invitation yet. Open the link that you were sent, or paste it here."),
    translatable(
        "This phone has no room left, so this was not kept. Free some room, or send what waits, and try again."
    ),
    translatable("This phone holds observations of another invitation"),
    translatable("This phone lost its key"),
    translatable("This phone was taken off"),
    translatable("This task came without its rubric. Send and fetch once more."),
    translatable("This task is above the level that you may judge. Who invited you can change that."),
    translatable("Tick two to {most} who work together."),
    translatable("Tick who works together"),
    translatable("Ticked: {count}"),
    translatable("To put the app on the home screen, use the menu of the browser: “Add to home screen” or “Install”."),
    translatable(
        "To put the app on the home screen: Share, then “Add to Home Screen”. There it asks for your invitation link "
        "once more."
    ),
    translatable("Try again"),
    translatable("Try again in a minute."),
    translatable("Undo"),
    translatable("Use it now"),
    translatable("Waiting on this phone"),
    translatable("Waiting to be sent: {count}"),
    translatable("waits here"),
    translatable("What do you observe?"),
    translatable("What you saved is still on this phone."),
    translatable("What you finish is signed on this phone and kept until the server has it."),
    translatable("Whole descriptions"),
    translatable("Whom do you observe?"),
    translatable("Without a network"),
    translatable("You are correcting an observation. Both stay on record, and this one counts."),
    translatable("You have not finished an observation on this phone yet."),
    translatable("You may observe here until {day}."),
    translatable("You observed {names} here already ({time}). What you save now is a second observation."),
    translatable("You opened a new invitation. What was not sent of the old one cannot be sent with the new one."),
    translatable("{done} of {all} done"),
    translatable("{done} of {all} rows"),
    translatable("{low}–{high} points"),
    translatable("{points} points"),
)
