"""What streamlit runs in the tests of the planning page: the page as the command line serves it."""

from sim.shell.app import planning_page

planning_page(())
