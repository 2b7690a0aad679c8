"""What learners do at a link: attempts, rounds of practice, work handed in, and the progress of a flipped unit."""
