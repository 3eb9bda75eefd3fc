"""The studies: what is asked, what is made of the answers, what is printed; a folder for each."""
