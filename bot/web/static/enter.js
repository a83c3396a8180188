// The one-time link: the form posts by itself; without scripts one press does it.
document.getElementById("enter").submit();
