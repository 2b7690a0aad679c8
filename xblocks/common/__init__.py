"""What every block needs: content, the learner's language, the player's host, replies to refusals."""
