"""What is to come: the patients of a register where they are today, the months ahead of them, and how good that is."""
